"""A document moves on: draft → in review → reviewed → published → closed, or back."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import clock
from core.errors import Conflict, DomainError, InvalidInput, field_error
from incidents.actions.status import set_status as set_incident_status
from incidents.actions.times import set_times
from incidents.choices import IncidentStatus
from incidents.models import Incident
from postmortems import library
from postmortems.actions.common import audit, locked
from postmortems.choices import OPEN_ITEMS, PostmortemStatus, SectionKey
from postmortems.live import announce
from postmortems.models import Postmortem
from postmortems.selectors.items import incomplete_items
from postmortems.selectors.review import approvals_missing
from postmortems.writing.whys import NEEDED, depth_of, tree_of
from teams.actor import Actor, system_actor

S = PostmortemStatus
NEXT: dict[str, tuple[str, ...]] = {
    S.DRAFT: (S.IN_REVIEW,),
    S.IN_REVIEW: (S.DRAFT, S.REVIEWED),
    S.REVIEWED: (S.IN_REVIEW, S.PUBLISHED),
    S.PUBLISHED: (S.CLOSED, S.IN_REVIEW),
    S.CLOSED: (),
}
_TIMES = {
    S.IN_REVIEW: "in_review_at",
    S.REVIEWED: "reviewed_at",
    S.PUBLISHED: "published_at",
    S.CLOSED: "closed_at",
}
# What is refused as bad input, by the field it concerns; the others are conflicts with the state.
_OF_FIELDS = ("summary", "causes", "action_items")


def set_status(
    *, actor: Actor, postmortem_id: int, status: str, now: dt.datetime | None = None
) -> Postmortem:
    """Move the document on, or back to review. What keeps it from there: `missing_for`.

    In review puts a resolved incident in review; published sets its named time and puts the document into the
    library. Setting the present state changes nothing.
    """
    now = now or clock.now()
    if status not in S.values:
        raise field_error("status", f"One of {', '.join(S.values)}.")
    with transaction.atomic():
        postmortem = locked(actor, postmortem_id)
        if postmortem.status == status:
            return postmortem
        if status not in NEXT[postmortem.status]:
            old = postmortem.get_status_display().lower()
            raise Conflict(
                f"A postmortem cannot go from {old} to {S(status).label.lower()}.",
                code="forbidden_transition",
            )
        _refuse(missing_for(postmortem, status))
        postmortem.status = status
        changed = ["status"]
        if status in _TIMES:
            setattr(postmortem, _TIMES[S(status)], now)
            changed.append(_TIMES[S(status)])
        postmortem.save(update_fields=changed)
        _follow(postmortem, actor, now)
        audit(actor, status, postmortem)
        announce(postmortem, "state", now=now)
    return postmortem


def missing_for(postmortem: Postmortem, status: str) -> list[tuple[str, str]]:
    """(code, sentence) of what keeps it from `status`; empty when nothing does. A few statements."""
    if status == S.IN_REVIEW and postmortem.status == S.DRAFT:
        return [*_unwritten(postmortem), *_unowned(postmortem)]
    if status == S.REVIEWED:
        return [
            *_unowned(postmortem),
            *(("approvals_missing", text) for text in approvals_missing(postmortem)),
        ]
    if status == S.CLOSED:
        count = postmortem.action_items.filter(status__in=OPEN_ITEMS).count()
        text = ngettext(
            "%(count)s action item is still open.", "%(count)s action items are still open.", count
        )
        return [("items_open", text % {"count": count})] if count else []
    return []


def next_of(postmortem: Postmortem) -> str | None:
    """The state it goes to when all is well; None at the end."""
    after = {S.DRAFT: S.IN_REVIEW, S.IN_REVIEW: S.REVIEWED, S.REVIEWED: S.PUBLISHED, S.PUBLISHED: S.CLOSED}
    return after.get(S(postmortem.status))


def _unwritten(postmortem: Postmortem) -> list[tuple[str, str]]:
    found = []
    summary = postmortem.sections.filter(key=SectionKey.SUMMARY).values_list("text", flat=True).first()
    if not (summary or "").strip():
        found.append(("summary", _("Write the summary before the review.")))
    depth = depth_of(tree_of(postmortem.whys.all()))
    if depth < NEEDED:
        text = _("Ask why at least %(needed)s times before the review; the longest chain has %(depth)s.")
        found.append(("causes", text % {"needed": NEEDED, "depth": depth}))
    return found


def _unowned(postmortem: Postmortem) -> list[tuple[str, str]]:
    return [
        ("action_items", _("“%(item)s” has no owner or no date.") % {"item": row.title})
        for row in incomplete_items(postmortem.pk)
    ]


def _refuse(missing: list[tuple[str, str]]) -> None:
    fields: dict[str, list[str]] = {}
    for code, text in missing:
        if code not in _OF_FIELDS:
            raise Conflict(text, code=code)
        fields.setdefault(code, []).append(text)
    if fields:
        raise InvalidInput(missing[0][1], fields=fields)


def _follow(postmortem: Postmortem, actor: Actor, now: dt.datetime) -> None:
    """What the move means elsewhere. Locks are taken document, then incident."""
    rule = system_actor(actor.label, via="rule")
    incident = Incident.objects.get(pk=postmortem.incident_id)
    if postmortem.status == S.IN_REVIEW and incident.status == IncidentStatus.RESOLVED:
        try:
            with transaction.atomic():
                set_incident_status(
                    actor=rule, number=incident.number, status=IncidentStatus.IN_REVIEW, now=now
                )
        except DomainError:
            # Something still keeps the incident; its own page says what, and the document goes on.
            pass
    if postmortem.status == S.PUBLISHED:
        if incident.postmortem_published_at is None and incident.resolved_at is not None:
            at = max(now, incident.resolved_at)
            set_times(actor=rule, number=incident.number, times={"postmortem_published": at}, now=at)
        library.index(postmortem.pk)

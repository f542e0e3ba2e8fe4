"""From the incident to the public and back: one approval, and one end for both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import Q, QuerySet

from core import clock
from core.errors import NotAllowed, field_error
from incidents.actions.updates import post_update
from incidents.choices import IncidentKind, IncidentStatus, UpdateAudience, UpdateState
from incidents.models import Incident, IncidentUpdate
from statuspage.actions.common import publishes, show
from statuspage.actions.notices import create_notice, update_notice
from statuspage.actions.words import Words, publish_words, refuse
from statuspage.choices import OVER, NoticeState
from statuspage.models import Notice, NoticeUpdate, StatusPage
from teams.actor import Actor, actor_for, system_actor
from teams.models import User

# What an incident's state is called on the page.
STATUS_OF = {
    IncidentStatus.TRIAGE: "investigating",
    IncidentStatus.INVESTIGATING: "investigating",
    IncidentStatus.IDENTIFIED: "identified",
    IncidentStatus.MONITORING: "monitoring",
    IncidentStatus.RESOLVED: "resolved",
    IncidentStatus.IN_REVIEW: "resolved",
    IncidentStatus.CLOSED: "resolved",
}


def tell_public(
    *,
    actor: Actor,
    number: int,
    page_id: int,
    title: str,
    body: str,
    title_in: Mapping[str, str] | None = None,
    body_in: Mapping[str, str] | None = None,
    component_ids: Sequence[int] = (),
    statuses: Mapping[int, str] | None = None,
    next_update_in_minutes: int | None = None,
    eta_at: dt.datetime | None = None,
    now: dt.datetime | None = None,
) -> Notice:
    """Open a notice from an incident: its text is the incident's public update, whose approval counts for both.

    The actor may publish on the page. Only what is given here leaves; nothing is taken from the incident.
    """
    now = now or clock.now()
    with transaction.atomic():
        _check_tellable(actor, number, page_id)
        source = post_update(
            actor=actor,
            number=number,
            audience=UpdateAudience.PUBLIC,
            text=body,
            next_update_in_minutes=next_update_in_minutes,
            now=now,
        )
        words = Words(
            body=body,
            body_in=body_in or {},
            status=STATUS_OF.get(IncidentStatus(source.status), "investigating"),
            statuses=statuses or {},
            next_update_at=source.next_update_due_at,
            eta_at=eta_at,
        )
        return create_notice(
            actor=actor,
            page_id=page_id,
            title=title,
            title_in=title_in,
            words=words,
            component_ids=component_ids,
            incident_number=number,
            source=source,
            now=now,
        )


def _check_tellable(actor: Actor, number: int, page_id: int) -> None:
    incident = Incident.objects.visible_to(actor).filter(number=number).first()
    if incident is not None and incident.kind == IncidentKind.DRILL:
        raise field_error("incident", "A drill is not told to the public.")
    page = StatusPage.objects.visible_to(actor).filter(pk=page_id).first()
    if page is None:
        raise field_error("page", "There is no such status page.")
    if not publishes(actor, page):
        raise NotAllowed("Only members of the page's team can publish on it.")


def update_left(update_id: int) -> None:
    """A public update of an incident has left: what waited for it is published, and open notices of the incident
    say the same. Safe to call again."""
    with transaction.atomic():
        source = IncidentUpdate.objects.select_related("incident").filter(pk=update_id).first()
        if source is None or source.audience != UpdateAudience.PUBLIC or source.state != UpdateState.SENT:
            return
        assert source.sent_at is not None
        notices = Notice.objects.filter(_told_of([source.incident_id])).exclude(state=NoticeState.REFUSED)
        for page_id in sorted(set(notices.values_list("page_id", flat=True))):
            page = StatusPage.objects.select_for_update(of=("self",), no_key=True).get(pk=page_id)
            for notice in notices.filter(page=page).order_by("pk"):
                notice.page = page
                _follow(notice, source, source.sent_at)


def update_refused(update_id: int) -> None:
    """The incident's update was sent back, and with it the notice that waited for it."""
    with transaction.atomic():
        source = IncidentUpdate.objects.filter(pk=update_id, state=UpdateState.REJECTED).first()
        rows = NoticeUpdate.objects.filter(source=source, state=NoticeState.WAITING) if source else ()
        for row in rows:
            refuse(row, source.reason[:300] if source else "", source.decided_by_id if source else None)


def end_notices(*, actor: Actor, incident_id: int, body: str, now: dt.datetime | None = None) -> list[Notice]:
    """End every notice of the incident that is still open, with these words, on pages the actor may publish on."""
    now = now or clock.now()
    with transaction.atomic():
        found = open_notices([incident_id])
        return [
            update_notice(actor=actor, notice_id=row.pk, words=Words(body=body, status="resolved"), now=now)
            # Pages are locked in one order, so that two incidents that end at once do not wait for each other.
            for row in sorted(found, key=lambda row: (row.page_id, row.pk))
            if publishes(actor, row.page)
        ]


def open_notices(incident_ids: Sequence[int]) -> list[Notice]:
    """Published notices of these incidents, and of those merged into them, that customers still see as open; one
    statement."""
    rows = notices_of(incident_ids).exclude(status__in=OVER)
    return list(rows.select_related("page").order_by("pk"))


def notices_of(incident_ids: Sequence[int]) -> QuerySet[Notice]:
    """Published notices of these incidents, and of those merged into them."""
    return Notice.objects.filter(_told_of(incident_ids), state=NoticeState.PUBLISHED)


def _told_of(incident_ids: Sequence[int]) -> Q:
    """Notices of these incidents and of those merged into them: what customers were told of goes on there."""
    return Q(incident__in=incident_ids) | Q(incident__merged_into__in=incident_ids)


def may_speak(source: IncidentUpdate, page: StatusPage) -> bool:
    """Whether the incident's update may be read on the page without anybody of it looking at it: who wrote it or
    let it out publishes there, and where the page asks for approval it had one."""
    people = User.objects.filter(pk__in=(source.author_id, source.decided_by_id), is_active=True)
    actors = {user.pk: actor_for(user) for user in people}
    if source.author_id is not None and not any(publishes(actor, page) for actor in actors.values()):
        return False
    author = actors.get(source.author_id or 0)
    approved = source.author_id is None or source.decided_by_id is not None
    return not page.needs_approval or approved or bool(author and author.manages(page.team_id))


def _follow(notice: Notice, source: IncidentUpdate, now: dt.datetime) -> None:
    row = NoticeUpdate.objects.filter(notice=notice, source=source).first()
    actor = system_actor()
    speaks = may_speak(source, notice.page)
    if row is not None and row.state == NoticeState.WAITING:
        if not speaks:
            return
        if notice.state == NoticeState.PUBLISHED and notice.status in OVER:
            refuse(row, "The notice was over by then.", source.decided_by_id)
            return
        row.notice = notice
        row.decided_by_id = source.decided_by_id
        publish_words(actor, row, now)
        show(notice.page, now, actor, notice.title)
        return
    if row is not None or notice.state != NoticeState.PUBLISHED or notice.status in OVER:
        return
    status = STATUS_OF.get(IncidentStatus(source.status), notice.status)
    update = NoticeUpdate(
        notice=notice,
        # That customers are well again is said by whoever ends the notice.
        status=notice.status if status in OVER else status,
        body=source.text,
        next_update_at=source.next_update_due_at,
        source=source,
        author_id=source.author_id,
        decided_by_id=source.decided_by_id,
        created_at=now,
        written_at=source.written_at,
    )
    if not speaks:
        update.state = NoticeState.WAITING
        update.save()
        return
    publish_words(actor, update, now)
    show(notice.page, now, actor, notice.title)

"""Suspected causes: what might be wrong, who looks into it, and what became of the suspicion."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from core import clock
from core.errors import NotVisible, field_error
from core.text import clean, one_line
from incidents import versions
from incidents.actions.access import grant_respond
from incidents.actions.common import announce, lock, save_incident, write_entry
from incidents.actions.notes import address
from incidents.choices import CauseState, EntryKind
from incidents.models import Incident, SuspectedCause
from teams.actor import Actor
from teams.models import User

MOST = 50
MAX_EVIDENCE = 5_000
_UNSAID: Any = object()


def add_cause(
    *,
    actor: Actor,
    number: int,
    text: str,
    owner_id: int | None = None,
    evidence: str = "",
    evidence_link: str = "",
    now: dt.datetime | None = None,
) -> SuspectedCause:
    """Write down what might be wrong. It begins as suspected."""
    now = now or clock.now()
    text, evidence = _text(text), _evidence(evidence)
    link = address("evidence_link", evidence_link)
    with transaction.atomic():
        incident = lock(actor, "edit_causes", number)
        if incident.causes.count() >= MOST:
            raise field_error("text", _("At most %(most)d suspected causes.") % {"most": MOST})
        owner = _owner(incident, owner_id)
        last = incident.causes.aggregate(last=Max("position"))["last"]
        cause = SuspectedCause.objects.create(
            incident=incident,
            text=text,
            owner=owner,
            evidence=evidence,
            evidence_link=link,
            position=0 if last is None else last + 1,
            created_at=now,
            created_by_id=actor.user_id,
            changed_at=now,
        )
        _record(incident, cause, {"what": "added"}, actor=actor, now=now)
        save_incident(incident, now)
    return cause


def edit_cause(
    *,
    actor: Actor,
    number: int,
    cause_id: int,
    text: str | None = None,
    evidence: str | None = None,
    evidence_link: str | None = None,
    owner_id: int | None = _UNSAID,
    state: str | None = None,
    base: str | None = None,
    evidence_base: str | None = None,
    now: dt.datetime | None = None,
) -> SuspectedCause:
    """Change what is given. `base` and `evidence_base`: the texts the writer began from; `ChangedMeanwhile`
    when one of them says something else by now. Confirming sets when the cause was known, once."""
    now = now or clock.now()
    with transaction.atomic():
        incident = lock(actor, "edit_causes", number)
        cause = incident.causes.select_for_update(no_key=True).filter(pk=cause_id).first()
        if cause is None:
            raise NotVisible
        if text is not None:
            versions.check("text", cause.text, base, text)
        if evidence is not None:
            versions.check("evidence", cause.evidence, evidence_base, evidence)
        facts = _reword(cause, text, evidence, evidence_link)
        if owner_id is not _UNSAID and owner_id != cause.owner_id:
            cause.owner = _owner(incident, owner_id)
            facts["owner"] = cause.owner.name if cause.owner else ""
        if state is not None and _state(state) != cause.state:
            facts |= {"old": cause.state, "new": state}
            cause.state = state
        if not facts:
            return cause
        cause.changed_at = now
        cause.save()
        _record(incident, cause, {"what": "changed", **facts}, actor=actor, now=now)
        known = cause.state == CauseState.CONFIRMED and incident.cause_known_at is None
        if known:
            incident.cause_known_at = now
        save_incident(incident, now, *(["cause_known_at"] if known else []))
    return cause


def _reword(
    cause: SuspectedCause, text: str | None, evidence: str | None, link: str | None
) -> dict[str, Any]:
    """Set what is given; what the record says about it."""
    before = (cause.text, cause.evidence, cause.evidence_link)
    if text is not None:
        cause.text = _text(text)
    if evidence is not None:
        cause.evidence = _evidence(evidence)
    if link is not None:
        cause.evidence_link = address("evidence_link", link)
    facts: dict[str, Any] = {"was": before[0]} if cause.text != before[0] else {}
    return facts | ({"shown": True} if (cause.evidence, cause.evidence_link) != before[1:] else {})


def set_cause_state(
    *, actor: Actor, number: int, cause_id: int, state: str, now: dt.datetime | None = None
) -> SuspectedCause:
    """Suspected, testing, ruled out or confirmed; any may follow any. The present one again changes nothing."""
    return edit_cause(actor=actor, number=number, cause_id=cause_id, state=state, now=now)


def has_confirmed_cause(incident: Incident) -> bool:
    """Whether somebody has confirmed one of the incident's suspected causes."""
    return incident.causes.filter(state=CauseState.CONFIRMED).exists()


def _record(
    incident: Incident, cause: SuspectedCause, facts: dict[str, Any], *, actor: Actor, now: dt.datetime
) -> None:
    evidence = cause.evidence if facts.get("shown") or (facts["what"] == "added" and cause.evidence) else ""
    write_entry(
        incident,
        actor=actor,
        kind=EntryKind.HYPOTHESIS,
        now=now,
        text=evidence,
        data={"cause": cause.pk, "text": cause.text, **facts},
        evidence_link=cause.evidence_link if evidence or facts.get("shown") else "",
    )
    announce(incident, "cause", actor, cause=cause.pk, state=cause.state)


def _text(text: str) -> str:
    shown = one_line(text, 301)
    if not shown:
        raise field_error("text", _("Write something."))
    if len(shown) > 300:
        raise field_error("text", _("At most 300 characters."))
    return shown


def _evidence(text: str) -> str:
    shown = clean(text).strip()
    if len(shown) > MAX_EVIDENCE:
        raise field_error("evidence", _("At most %(most)d characters.") % {"most": MAX_EVIDENCE})
    return shown


def _state(state: str) -> str:
    if state not in CauseState.values:
        raise field_error("state", _("One of %(known)s.") % {"known": ", ".join(CauseState.values)})
    return state


def _owner(incident: Incident, user_id: int | None) -> User | None:
    if user_id is None:
        return None
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise field_error("owner", _("There is no such person."))
    grant_respond(incident, user.pk)
    return user

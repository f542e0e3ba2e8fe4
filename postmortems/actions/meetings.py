"""Review and follow-up meetings: called, changed, called off, held."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.db import transaction

from core import clock
from core.errors import Conflict, NotVisible, field_error
from core.text import clean, one_line
from incidents.actions.times import set_times
from postmortems.actions import invitations
from postmortems.actions.common import audit, locked
from postmortems.actions.people import complete_attendees
from postmortems.choices import MeetingKind
from postmortems.invitations import CANCEL
from postmortems.live import announce
from postmortems.models import Attendee, Meeting
from teams.actor import Actor, system_actor

MAX_TEXT = 50_000
_FAR = dt.timedelta(days=366)
# Changes of these are sent out; notes and agenda are read on the page.
_SENT = ("starts_at", "minutes", "place")
_FIELDS = (*_SENT, "agenda", "notes")


def plan_meeting(
    *,
    actor: Actor,
    postmortem_id: int,
    starts_at: dt.datetime,
    kind: str = MeetingKind.REVIEW,
    minutes: int = 60,
    place: str = "",
    agenda: str = "",
    now: dt.datetime | None = None,
) -> Meeting:
    """Call a meeting; every attendee, the owner and the organiser are invited by mail with a calendar part. One of a
    past time is only written down. One meeting of a kind at a time."""
    now = now or clock.now()
    if kind not in MeetingKind.values:
        raise field_error("kind", f"One of {', '.join(MeetingKind.values)}.")
    with transaction.atomic():
        postmortem = locked(actor, postmortem_id)
        if postmortem.meetings.filter(kind=kind, held_at__isnull=True, cancelled_at__isnull=True).exists():
            raise Conflict("Such a meeting is planned already; change it instead.", code="meeting_planned")
        meeting = Meeting(postmortem=postmortem, kind=kind, created_by_id=actor.user_id, created_at=now)
        _set(meeting, now, starts_at=starts_at, minutes=minutes, place=place, agenda=agenda)
        meeting.save()
        complete_attendees(postmortem)
        audit(actor, "meeting planned", postmortem, {"meeting": meeting.pk, "at": starts_at.isoformat()})
        invitations.send(meeting, now)
        announce(postmortem, "state", now=now)
    return meeting


def change_meeting(
    *, actor: Actor, postmortem_id: int, meeting_id: int, now: dt.datetime | None = None, **values: Any
) -> Meeting:
    """Change starts_at, minutes, place, agenda or notes. Another time or place is sent to everybody as the next
    version of the invitation. Of a meeting that was held only agenda and notes change."""
    now = now or clock.now()
    with transaction.atomic():
        meeting = _locked(actor, postmortem_id, meeting_id)
        changed = [name for name in values if getattr(meeting, name) != values[name]]
        moved = [name for name in changed if name in _SENT]
        if meeting.held_at is not None and moved:
            raise Conflict("This meeting was held.", code="meeting_held")
        if changed:
            _set(meeting, now, **{name: values[name] for name in changed})
            meeting.sequence += bool(moved)
            meeting.save()
            audit(
                actor,
                "meeting changed",
                meeting.postmortem,
                {"meeting": meeting.pk, "fields": sorted(changed)},
            )
            if moved:
                invitations.send(meeting, now)
            announce(meeting.postmortem, "state", now=now)
    return meeting


def cancel_meeting(
    *, actor: Actor, postmortem_id: int, meeting_id: int, now: dt.datetime | None = None
) -> Meeting:
    """Call it off; whoever was invited is told, and their calendars."""
    now = now or clock.now()
    with transaction.atomic():
        meeting = _locked(actor, postmortem_id, meeting_id)
        if meeting.held_at is not None:
            raise Conflict("This meeting was held.", code="meeting_held")
        meeting.cancelled_at = now
        meeting.sequence += 1
        meeting.save(update_fields=["cancelled_at", "sequence"])
        audit(actor, "meeting called off", meeting.postmortem, {"meeting": meeting.pk})
        invitations.send(meeting, now, method=CANCEL)
        announce(meeting.postmortem, "state", now=now)
    return meeting


def hold_meeting(
    *,
    actor: Actor,
    postmortem_id: int,
    meeting_id: int,
    held_at: dt.datetime | None = None,
    attended: Collection[int] | None = None,
    notes: str | None = None,
    now: dt.datetime | None = None,
) -> Meeting:
    """It was held: when (by default as planned, or now when that is to come), which attendees came (ids of
    attendees), the notes. Again for corrections. A review becomes the incident's *review held*, unless that is known;
    never before it was resolved."""
    now = now or clock.now()
    with transaction.atomic():
        meeting = _locked(actor, postmortem_id, meeting_id)
        postmortem = meeting.postmortem
        at = held_at or meeting.held_at or min(meeting.starts_at, now)
        if at > now:
            raise field_error("held_at", "That is in the future.")
        resolved = postmortem.incident.resolved_at
        if resolved is not None and at < resolved:
            if held_at is not None:
                raise field_error("held_at", "That is before the incident was resolved.")
            at = resolved
        first = meeting.held_at is None
        meeting.held_at = at
        if notes is not None:
            _set(meeting, now, notes=notes)
        meeting.save()
        if attended is not None and meeting.kind == MeetingKind.REVIEW:
            rows = Attendee.objects.filter(postmortem=postmortem)
            rows.filter(pk__in=attended).update(attended=True)
            rows.exclude(pk__in=attended).update(attended=False)
        if meeting.kind == MeetingKind.REVIEW and postmortem.incident.review_held_at is None:
            set_times(
                actor=system_actor(actor.label, via=actor.via),
                number=postmortem.incident.number,
                times={"review_held": at},
                now=now,
            )
        audit(actor, "meeting held" if first else "meeting notes", postmortem, {"meeting": meeting.pk})
        announce(postmortem, "state", now=now)
        announce(postmortem, "people", now=now)
    return meeting


def _locked(actor: Actor, postmortem_id: int, meeting_id: int) -> Meeting:
    postmortem = locked(actor, postmortem_id)
    meeting: Meeting | None = postmortem.meetings.filter(pk=meeting_id).first()
    if meeting is None:
        raise NotVisible
    if meeting.cancelled_at is not None:
        raise Conflict("This meeting was called off.", code="meeting_cancelled")
    meeting.postmortem = postmortem
    return meeting


def _set(meeting: Meeting, now: dt.datetime, **values: Any) -> None:
    unknown = set(values) - set(_FIELDS)
    if unknown:
        raise TypeError(f"no such fields: {sorted(unknown)}")
    if "starts_at" in values and abs(values["starts_at"] - now) > _FAR:
        raise field_error("starts_at", "At most a year from now.")
    if "minutes" in values and not 5 <= values["minutes"] <= 480:
        raise field_error("minutes", "Between 5 and 480 minutes.")
    if "place" in values:
        values["place"] = one_line(values["place"], 300)
    for name in ("agenda", "notes"):
        if name in values:
            if len(values[name]) > MAX_TEXT:
                raise field_error(name, f"At most {MAX_TEXT:,} characters.")
            values[name] = clean(values[name].replace("\r\n", "\n")).strip()
    for name, value in values.items():
        setattr(meeting, name, value)

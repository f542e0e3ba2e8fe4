"""Waiting: for a vendor, or for the next maintenance. A flag with an end, not a state."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from core.errors import Conflict, field_error
from core.text import one_line
from incidents.actions.common import announce, lock, lock_by_number, save_incident, write_entry
from incidents.choices import EntryKind
from incidents.models import Incident
from teams.actor import Actor, system_actor

LONGEST = dt.timedelta(days=365)


def hold(
    *, actor: Actor, number: int, until: dt.datetime, reason: str, now: dt.datetime | None = None
) -> Incident:
    """Park the incident until an instant (at most a year ahead), with the reason. Nags and promises wait.

    Again sets end and reason anew.
    """
    now = now or clock.now()
    reason = one_line(reason, 300)
    if not reason:
        raise field_error("reason", "Write what it waits for.")
    if until <= now:
        raise field_error("until", "That is not in the future.")
    if until > now + LONGEST:
        raise field_error("until", "At most a year ahead.")
    with transaction.atomic():
        incident = lock(actor, "hold", number)
        if not incident.is_active:
            raise Conflict("The incident is over.", code="not_active")
        if (incident.on_hold_until, incident.on_hold_reason) == (until, reason):
            return incident
        incident.on_hold_until, incident.on_hold_reason = until, reason
        _record(incident, reason, {"until": until.isoformat()}, actor=actor, now=now)
    return incident


def resume(*, actor: Actor, number: int, now: dt.datetime | None = None) -> Incident:
    """Go on with a parked incident. Not parked: nothing changes."""
    now = now or clock.now()
    with transaction.atomic():
        incident = lock(actor, "hold", number)
        if incident.on_hold_until is not None:
            _end(incident, actor=actor, now=now)
    return incident


def end_hold(*, number: int, now: dt.datetime) -> bool:
    """The time has come: go on. Idempotent; true when it was parked until now."""
    with transaction.atomic():
        incident = lock_by_number(number)
        if incident.on_hold_until is None or incident.on_hold_until > now:
            return False
        _end(incident, actor=system_actor("Watchbill", via="rule"), now=now)
    return True


def _end(incident: Incident, *, actor: Actor, now: dt.datetime) -> None:
    reason, incident.on_hold_until, incident.on_hold_reason = incident.on_hold_reason, None, ""
    _record(incident, reason, {"until": None}, actor=actor, now=now)


def _record(
    incident: Incident, reason: str, data: dict[str, str | None], *, actor: Actor, now: dt.datetime
) -> None:
    write_entry(incident, actor=actor, kind=EntryKind.HOLD, now=now, text=reason, data=data)
    save_incident(incident, now, "on_hold_until", "on_hold_reason")
    announce(incident, "hold", actor, until=data["until"])

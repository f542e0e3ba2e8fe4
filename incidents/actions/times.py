"""The named times of an incident, corrected in review. Every figure in the reports derives from them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from core import clock
from core.errors import InvalidInput, NotAllowed, field_error
from core.text import one_line
from incidents.actions.common import announce, lock, save_incident, write_entry
from incidents.choices import EntryKind, IncidentStatus
from incidents.models import Incident
from teams.actions.audit import record
from teams.actor import Actor

TIMES = (
    "impact_started",
    "detected",
    "declared",
    "acknowledged",
    "commander_assigned",
    "first_internal_update",
    "first_public_update",
    "cause_known",
    "mitigated",
    "verified",
    "resolved",
    "review_held",
    "postmortem_published",
)
# (earlier, later): both may be at the same instant. Whatever is not in the list may be in any order.
ORDER = (
    ("impact_started", "detected"),
    ("impact_started", "declared"),
    ("impact_started", "acknowledged"),
    ("impact_started", "cause_known"),
    ("impact_started", "mitigated"),
    ("impact_started", "resolved"),
    ("detected", "acknowledged"),
    ("detected", "resolved"),
    ("mitigated", "verified"),
    ("mitigated", "resolved"),
    ("verified", "resolved"),
    ("resolved", "review_held"),
    ("resolved", "postmortem_published"),
)
_OVER = (IncidentStatus.RESOLVED, IncidentStatus.IN_REVIEW, IncidentStatus.CLOSED)


def set_times(
    *,
    actor: Actor,
    number: int,
    times: Mapping[str, dt.datetime | None],
    reason: str = "",
    now: dt.datetime | None = None,
) -> Incident:
    """Correct named times (name as in `TIMES` → instant, None: not known). The others stay.

    Refused by name: what lies in the future, what would break `ORDER` (source: the incident model; a
    mitigation cannot come before the impact), and taking away when a resolved incident was resolved. A
    closed incident is corrected by managers alone. The timeline and the audit log keep old and new values.
    """
    unknown = set(times) - set(TIMES)
    if unknown:
        raise field_error(f"times.{sorted(unknown)[0][:40]}", f"One of {', '.join(TIMES)}.")
    now = now or clock.now()
    with transaction.atomic():
        incident = lock(actor, "set_times", number)
        if incident.status == IncidentStatus.CLOSED and not (
            actor.is_admin or actor.manages(incident.team_id)
        ):
            raise NotAllowed("Only a manager can correct a closed incident.")
        before = {name: getattr(incident, f"{name}_at") for name in TIMES}
        changed = {name: value for name, value in times.items() if before[name] != value}
        if not changed:
            return incident
        _check(incident, before | changed, changed, now)
        for name, value in changed.items():
            setattr(incident, f"{name}_at", value)
        changes = [
            {"name": name, "old": _text(before[name]), "new": _text(value)} for name, value in changed.items()
        ]
        _record(incident, changes, one_line(reason, 500), actor=actor, now=now)
        save_incident(incident, now, *(f"{name}_at" for name in changed))
        announce(incident, "details", actor)
    return incident


def _record(
    incident: Incident, changes: list[dict[str, str | None]], reason: str, *, actor: Actor, now: dt.datetime
) -> None:
    """In the timeline, and in the audit log for those who ask how a figure came about."""
    data = {"changes": changes}
    write_entry(incident, actor=actor, kind=EntryKind.TIMES, now=now, text=reason, data=data)
    record(
        actor=actor,
        verb="times corrected",
        obj_type="incident",
        obj_id=incident.number,
        label=incident.name_outside,
        team_id=incident.team_id,
        data={**data, "reason": reason},
    )


def _check(
    incident: Incident,
    after: Mapping[str, dt.datetime | None],
    changed: Mapping[str, dt.datetime | None],
    now: dt.datetime,
) -> None:
    refused: dict[str, list[str]] = {}
    for name, value in changed.items():
        if value is not None and value > now + dt.timedelta(minutes=1):
            refused[f"times.{name}"] = ["That is in the future."]
    for earlier, later in ORDER:
        first, second = after[earlier], after[later]
        if first is not None and second is not None and first > second:
            name, text = (
                (later, f"That is before “{_name(earlier)}”.")
                if later in changed
                else (earlier, f"That is after “{_name(later)}”.")
            )
            if name in changed:
                refused.setdefault(f"times.{name}", [text])
    if incident.status in _OVER and after["resolved"] is None:
        refused["times.resolved"] = ["A resolved incident has a time at which it was."]
    if refused:
        raise InvalidInput(next(iter(refused.values()))[0], fields=refused)


def _name(name: str) -> str:
    return name.replace("_", " ")


def _text(value: dt.datetime | None) -> str | None:
    return value.isoformat() if value else None

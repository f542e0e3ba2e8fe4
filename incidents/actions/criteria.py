"""What must hold before an incident is over: written down at triage, ticked by people or checked by machine."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from core.errors import Conflict, NotVisible, field_error
from core.text import one_line
from incidents import criteria as rules
from incidents.actions.common import announce, lock, lock_by_number, save_incident, write_entry
from incidents.choices import CriterionKind, EntryKind
from incidents.models import ExitCriterion, Incident
from teams.actor import Actor, system_actor

MOST = 20
MOST_MINUTES = 24 * 60


def add_criterion(
    *,
    actor: Actor,
    number: int,
    kind: str = CriterionKind.MANUAL,
    text: str = "",
    minutes: int = 0,
    now: dt.datetime | None = None,
) -> ExitCriterion:
    """Write down what must hold. `minutes` (0 to 1,440): how long without interruption, machine-checked only.

    A manual one needs a text; of each machine-checked kind there is one, and adding it again sets its
    minutes. At most 20 for an incident.
    """
    if kind not in CriterionKind.values:
        raise field_error("kind", f"One of {', '.join(CriterionKind.values)}.")
    if not 0 <= minutes <= MOST_MINUTES:
        raise field_error("minutes", f"From 0 to {MOST_MINUTES:,} minutes.")
    text = one_line(text, 200)
    if kind == CriterionKind.MANUAL and not text:
        raise field_error("text", "Write what must hold.")
    now = now or clock.now()
    with transaction.atomic():
        incident = _open(lock(actor, "edit_criteria", number))
        rows = list(incident.criteria.all())
        same = next((row for row in rows if row.kind == kind and kind != CriterionKind.MANUAL), None)
        if same is not None and same.minutes == minutes:
            return same
        if same is None and len(rows) >= MOST:
            raise field_error("text", f"At most {MOST} criteria.")
        row = same or ExitCriterion(incident=incident, kind=kind, position=len(rows), created_at=now)
        row.text = text
        row.minutes = 0 if kind == CriterionKind.MANUAL else minutes
        row.met_at = None
        row.save()
        _record(incident, row, "added", actor=actor, now=now)
    return row


def tick_criterion(
    *, actor: Actor, number: int, criterion_id: int, met: bool = True, now: dt.datetime | None = None
) -> ExitCriterion:
    """Say that a manual criterion holds, or that it does not. The present value again changes nothing."""
    now = now or clock.now()
    with transaction.atomic():
        incident = _open(lock(actor, "edit_criteria", number))
        row = _find(incident, criterion_id)
        if row.kind != CriterionKind.MANUAL:
            raise Conflict("This is checked by Watchbill itself.", code="machine_checked")
        if (row.met_at is not None) == met:
            return row
        row.met_at, row.met_by_id = (now, actor.user_id) if met else (None, None)
        row.save(update_fields=["met_at", "met_by"])
        _record(incident, row, "met" if met else "open", actor=actor, now=now)
    return row


def remove_criterion(*, actor: Actor, number: int, criterion_id: int, now: dt.datetime | None = None) -> None:
    """Take a criterion away; the timeline says which."""
    now = now or clock.now()
    with transaction.atomic():
        incident = _open(lock(actor, "edit_criteria", number))
        row = _find(incident, criterion_id)
        _record(incident, row, "removed", actor=actor, now=now)
        row.delete()


def verdicts(incident: Incident, now: dt.datetime) -> list[rules.Verdict]:
    """What each criterion says now: at most four statements."""
    rows = list(incident.criteria.select_related("met_by"))
    return rules.judge(rows, incident, rules.facts_for(rows), now)


def note_verdict(*, number: int, criterion_id: int, now: dt.datetime) -> bool:
    """A machine-checked criterion has begun or ceased to hold: store it and say so once. Idempotent."""
    with transaction.atomic():
        incident = lock_by_number(number)
        row = incident.criteria.filter(pk=criterion_id).first()
        if row is None or not incident.is_active:
            return False
        verdict = rules.judge([row], incident, rules.facts_for([row]), now)[0]
        if (row.met_at is not None) == verdict.met:
            return False
        row.holds_since, row.met_at = verdict.since, now if verdict.met else None
        row.save(update_fields=["holds_since", "met_at"])
        actor = system_actor("Watchbill", via="rule")
        _record(incident, row, "met" if verdict.met else "open", actor=actor, now=now, why=verdict.why)
    return True


def _open(incident: Incident) -> Incident:
    if not incident.is_active:
        raise Conflict("The incident is over; reopen it first.", code="not_active")
    return incident


def _find(incident: Incident, criterion_id: int) -> ExitCriterion:
    row = incident.criteria.filter(pk=criterion_id).first()
    if row is None:
        raise NotVisible
    return row


def _record(
    incident: Incident, row: ExitCriterion, what: str, *, actor: Actor, now: dt.datetime, why: str = ""
) -> None:
    data = {"criterion": row.pk, "what": what, "kind": row.kind, "minutes": row.minutes, "why": why}
    write_entry(
        incident,
        actor=actor,
        kind=EntryKind.EXIT_CRITERION,
        now=now,
        text=row.text,
        data=data,
    )
    save_incident(incident, now)
    announce(incident, "criterion", actor, **{"criterion": row.pk, "change": what})

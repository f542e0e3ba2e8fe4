"""The incident's state: who may follow whom, and under which condition."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.db import transaction

from core import clock
from core.errors import NotAllowed, field_error
from incidents.actions import gate
from incidents.actions.common import announce, lock, required_text, save_incident, write_entry
from incidents.actions.promises import PROMISE_FIELDS, end_clocks, start_clocks
from incidents.choices import ACTIVE, TRANSITIONS, EntryAudience, EntryKind, IncidentStatus, PageStatus
from incidents.errors import ForbiddenTransition
from incidents.models import Incident
from oncall.actions.runs import stop_escalation
from teams.actor import Actor

S = IncidentStatus
MAX_REASON = 500


def set_status(
    *,
    actor: Actor,
    number: int,
    status: str,
    reason: str = "",
    cause_unknown: bool = False,
    mitigated_at: dt.datetime | None = None,
    now: dt.datetime | None = None,
) -> Incident:
    """Move the incident along `incidents.choices.TRANSITIONS`.

    Setting the present state again changes nothing. *Monitoring* sets `mitigated_at` to now unless
    given; *identified* sets `cause_known_at` unless the cause is ticked as unknown; *declined*
    needs a reason. `ForbiddenTransition` and `NotFinished` are 409.
    """
    if status not in S.values:
        raise field_error("status", f"One of {', '.join(S.values)}.")
    if status == S.MERGED:
        raise field_error("status", "Use merge, which names the survivor.")
    now = now or clock.now()
    with transaction.atomic():
        incident = lock(actor, "set_status", number)
        if incident.status == status:
            return incident
        _check_transition(actor, incident, status)
        if status == S.DECLINED:
            incident.reason = required_text("reason", reason, MAX_REASON)
        if status == S.IDENTIFIED:
            incident.cause_unknown = cause_unknown
        if status == S.MONITORING:
            _set_mitigated(incident, mitigated_at, now)
        gate.check(incident, status, now)
        enter(incident, status, actor=actor, now=now, reason=reason)
    return incident


def resolve(
    *, actor: Actor, number: int, override_reason: str = "", now: dt.datetime | None = None
) -> Incident:
    """Resolve. From *monitoring* (or *triage* with all alerts clear) when nothing is in the way (`gate`);
    from any active state with a written reason by the commander, a manager of the team or an admin."""
    now = now or clock.now()
    with transaction.atomic():
        incident = lock(actor, "resolve", number)
        if incident.status in (S.RESOLVED, S.IN_REVIEW, S.CLOSED):
            return incident
        if not incident.is_active:
            raise ForbiddenTransition(
                f"A {incident.get_status_display().lower()} incident cannot be resolved."
            )
        override_reason = override_reason.strip()
        if override_reason:
            required_text("override_reason", override_reason, MAX_REASON)
            _may_override(actor, incident)
        else:
            _check_transition(actor, incident, S.RESOLVED)
            gate.check(incident, S.RESOLVED, now)
        incident.exit_overridden = bool(override_reason)
        enter(incident, S.RESOLVED, actor=actor, now=now, reason=override_reason)
    return incident


def reopen(*, actor: Actor, number: int, reason: str = "", now: dt.datetime | None = None) -> Incident:
    """Back to *investigating* from resolved or in review; a declined one goes back too."""
    now = now or clock.now()
    with transaction.atomic():
        incident = lock(actor, "reopen", number)
        if incident.status == S.INVESTIGATING:
            return incident
        if incident.status in ACTIVE:
            raise ForbiddenTransition("The incident is still open.")
        _check_transition(actor, incident, S.INVESTIGATING)
        enter(incident, S.INVESTIGATING, actor=actor, now=now, reason=reason)
    return incident


def enter(
    incident: Incident, status: str, *, actor: Actor, now: dt.datetime, reason: str = "", rule: str = ""
) -> None:
    """Put the locked incident into `status`, with everything that follows from it."""
    old = incident.status
    incident.status = status
    fields = [
        "status",
        "reason",
        "cause_unknown",
        "mitigated_at",
        *_ENTRY_EFFECTS.get(status, _nothing)(incident, now),
    ]
    if old not in ACTIVE and status in ACTIVE:
        incident.resolved_at = incident.closed_at = incident.verified_at = None
        incident.auto_resolved = incident.exit_overridden = False
        start_clocks(incident, incident.severity, now)
        fields += ["resolved_at", "closed_at", "verified_at", "auto_resolved", "exit_overridden"]
        fields += PROMISE_FIELDS
    if status not in ACTIVE and old in ACTIVE:
        stop_escalation(
            subject_key=incident.subject_key,
            status="stopped",
            user_id=actor.user_id,
            reason=f"incident {status}",
            now=now,
        )
        if incident.page_status == PageStatus.PAGING:
            incident.page_status = PageStatus.NONE
        incident.snoozed_until, incident.snoozed_by_alerts = None, False
        end_clocks(incident)
        fields += ["page_status", "snoozed_until", "snoozed_by_alerts", *PROMISE_FIELDS]
    write_entry(
        incident,
        actor=actor,
        kind=EntryKind.STATE,
        now=now,
        text=reason.strip(),
        data={"old": old, "new": status, "rule": rule, "cause_unknown": incident.cause_unknown},
        audience=EntryAudience.SUPPORT,
    )
    save_incident(incident, now, *dict.fromkeys(fields))
    announce(incident, "status", actor, old=old, new=status)


def _identified(incident: Incident, now: dt.datetime) -> list[str]:
    if not incident.cause_unknown and incident.cause_known_at is None:
        incident.cause_known_at = now
    return ["cause_known_at"]


def _investigating(incident: Incident, now: dt.datetime) -> list[str]:
    if incident.declared_at is None:
        incident.declared_at = now
    return ["declared_at"]


def _resolved(incident: Incident, now: dt.datetime) -> list[str]:
    """What was checked is verified at the same instant; against the criteria it is not."""
    incident.resolved_at = now
    if incident.mitigated_at is None:
        incident.mitigated_at = _not_before_start(incident, now)
    if not incident.exit_overridden and incident.verified_at is None:
        incident.verified_at = max(now, incident.mitigated_at)
    incident.on_hold_until, incident.on_hold_reason = None, ""
    return ["resolved_at", "verified_at", "exit_overridden", "on_hold_until", "on_hold_reason"]


def _closed(incident: Incident, now: dt.datetime) -> list[str]:
    incident.closed_at = now
    return ["closed_at"]


def _nothing(incident: Incident, now: dt.datetime) -> list[str]:
    return []


_ENTRY_EFFECTS: dict[str, Callable[[Incident, dt.datetime], list[str]]] = {
    S.INVESTIGATING: _investigating,
    S.IDENTIFIED: _identified,
    S.RESOLVED: _resolved,
    S.CLOSED: _closed,
}


def _check_transition(actor: Actor, incident: Incident, status: str) -> None:
    if status not in TRANSITIONS[incident.status]:
        old, new = incident.get_status_display().lower(), S(status).label.lower()
        raise ForbiddenTransition(f"An incident cannot go from {old} to {new}.")
    if incident.status == S.CLOSED and not _manages(actor, incident):
        raise NotAllowed("Only a manager can correct a closed incident.")


def _may_override(actor: Actor, incident: Incident) -> None:
    if (
        actor.is_system
        or actor.is_admin
        or incident.commander_id == actor.user_id
        or _manages(actor, incident)
    ):
        return
    raise NotAllowed("Only the commander, a manager or an admin can resolve against the exit criteria.")


def _manages(actor: Actor, incident: Incident) -> bool:
    if actor.is_admin:
        return True
    return actor.manages(incident.team_id) if incident.team_id else actor.manages_any


def _set_mitigated(incident: Incident, given: dt.datetime | None, now: dt.datetime) -> None:
    if given is not None:
        if given > now:
            raise field_error("mitigated_at", "That is in the future.")
        if incident.impact_started_at and given < incident.impact_started_at:
            raise field_error("mitigated_at", "That is before the impact started.")
        incident.mitigated_at = given
    elif incident.mitigated_at is None:
        incident.mitigated_at = _not_before_start(incident, now)


def _not_before_start(incident: Incident, at: dt.datetime) -> dt.datetime:
    return max(at, incident.impact_started_at) if incident.impact_started_at else at

"""What alerts do to an incident. Alerts call this; incidents never lock alerts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from incidents.actions.acknowledge import alert_joined
from incidents.actions.common import announce, lock_by_number, save_incident, write_entry
from incidents.actions.paging import make_urgent, start_paging
from incidents.actions.status import enter
from incidents.choices import EntryKind, IncidentStatus
from incidents.models import Incident
from teams.actor import system_actor

QUIET = dt.timedelta(minutes=5)
_SHOWN = 5


@dataclass(frozen=True)
class AttachedAlert:
    """An alert that has joined, as the timeline shows it."""

    id: int
    title: str
    severity: str = ""


def alerts_attached(
    *,
    number: int,
    alerts: Sequence[AttachedAlert],
    firing: int,
    total: int,
    page: bool = True,
    urgent: bool = False,
    policy_id: int | None = None,
    now: dt.datetime,
) -> Incident:
    """Alerts joined (one timeline row for the batch). `firing` and `total` are the new counts.

    An incident that resolved by itself after a quiet time opens again and pages again; one that waited
    because all its alerts were snoozed pages again too. `urgent`: one of them is of high urgency, and the
    incident is so from now on. `policy_id`: the policy to page again, in place of the incident's own.
    """
    incident = lock_by_number(number)
    actor = system_actor("Monitoring", via="rule")
    if incident.status == IncidentStatus.RESOLVED and incident.auto_resolved and firing:
        enter(incident, IncidentStatus.TRIAGE, actor=actor, now=now, rule="refired")
        if page:
            services = list(incident.services.order_by("incident_rows__position"))
            body = alerts[0].title if alerts else ""
            start_paging(incident, actor=actor, services=services, body=body, policy_id=policy_id, now=now)
    if alerts:
        write_entry(
            incident,
            actor=actor,
            kind=EntryKind.ALERT_ATTACHED,
            now=now,
            text=alerts[0].title if len(alerts) == 1 else "",
            data={
                "count": len(alerts),
                "alerts": [{"id": a.id, "title": a.title, "severity": a.severity} for a in alerts[:_SHOWN]],
            },
        )
    _count(incident, firing, total, now)
    save_incident(incident, now, "alert_count", "firing_count", "alerts_clear_at", "page_status")
    if urgent and firing:
        make_urgent(incident, now)
    if alerts and firing and page:
        alert_joined(incident, now=now)
    return incident


def alerts_changed(*, number: int, firing: int, total: int, told: bool = True, now: dt.datetime) -> None:
    """The counts changed. When the last alert clears the timeline says so once, unless not `told`."""
    incident = lock_by_number(number)
    was_clear = incident.alerts_clear_at is not None
    _count(incident, firing, total, now)
    if told and incident.alerts_clear_at is not None and not was_clear and incident.is_active:
        actor = system_actor("Monitoring", via="rule")
        write_entry(incident, actor=actor, kind=EntryKind.ALERTS_CLEAR, now=now, data={"total": total})
        announce(incident, "alerts_clear", actor)
    save_incident(incident, now, "alert_count", "firing_count", "alerts_clear_at")


def resolve_quiet(*, number: int, now: dt.datetime) -> bool:
    """Resolve an incident still in triage whose alerts have been clear for five minutes. Idempotent."""
    with transaction.atomic():
        incident = lock_by_number(number)
        due = incident.alerts_clear_at is not None and incident.alerts_clear_at <= now - QUIET
        if incident.status != IncidentStatus.TRIAGE or not due or incident.firing_count:
            return False
        actor = system_actor("Watchbill", via="rule")
        incident.auto_resolved = True
        enter(incident, IncidentStatus.RESOLVED, actor=actor, now=now, rule="quiet")
        save_incident(incident, now, "auto_resolved")
    return True


def _count(incident: Incident, firing: int, total: int, now: dt.datetime) -> None:
    incident.alert_count, incident.firing_count = total, firing
    if firing:
        incident.alerts_clear_at = None
    elif total and incident.alerts_clear_at is None:
        incident.alerts_clear_at = now

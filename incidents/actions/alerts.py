"""What alerts do to an incident. Alerts call this; incidents never lock alerts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from incidents.actions.acknowledge import alert_joined
from incidents.actions.common import (
    announce,
    lock_by_number,
    new_entry,
    save_incident,
    write_entries,
    write_entry,
)
from incidents.actions.paging import make_urgent, start_paging
from incidents.actions.status import enter
from incidents.choices import EntryKind, IncidentStatus
from incidents.models import Incident, TimelineEntry
from teams.actor import system_actor

QUIET = dt.timedelta(minutes=5)
_SAVED = ("id", "alert_count", "firing_count", "alerts_clear_at", "page_status", "last_seq", "updated_at")
_SAVE = """
UPDATE incidents_incident AS i
SET alert_count = n.alert_count, firing_count = n.firing_count, alerts_clear_at = n.alerts_clear_at,
    page_status = n.page_status, last_seq = n.last_seq, updated_at = n.updated_at
FROM unnest(%(id)s::bigint[], %(alert_count)s::int[], %(firing_count)s::int[], %(alerts_clear_at)s::timestamptz[],
            %(page_status)s::text[], %(last_seq)s::int[], %(updated_at)s::timestamptz[])
     AS n(id, alert_count, firing_count, alerts_clear_at, page_status, last_seq, updated_at)
WHERE i.id = n.id
"""
_SHOWN = 5


@dataclass(frozen=True)
class AttachedAlert:
    """An alert that has joined, as the timeline shows it."""

    id: int
    title: str
    severity: str = ""


@dataclass(frozen=True)
class Attachment:
    """What joined one incident, whose row the caller has locked. `firing` and `total` are the new counts.

    `page`: it may page again. `urgent`: one of them is of high urgency, and the incident is so from now on.
    `policy_id`: the policy to page again, in place of the incident's own.
    """

    incident: Incident
    alerts: Sequence[AttachedAlert]
    firing: int
    total: int
    page: bool = True
    urgent: bool = False
    policy_id: int | None = None


def alerts_attached(rows: Sequence[Attachment], *, now: dt.datetime) -> None:
    """Alerts joined these incidents: one timeline row for each, one statement for all of them.

    An incident that resolved by itself after a quiet time opens again and pages again; one that waited
    because all its alerts were snoozed pages again too.
    """
    entries = []
    for row in rows:
        if row.incident.status == IncidentStatus.RESOLVED and row.incident.auto_resolved and row.firing:
            _refire(row, now)
        if row.alerts:
            entries.append(_entry(row, now))
        _count(row.incident, row.firing, row.total, now)
    write_entries(entries)
    _save(rows, now)
    for row in rows:
        if row.urgent and row.firing:
            make_urgent(row.incident, now)
        if row.alerts and row.firing and row.page:
            alert_joined(row.incident, now=now)


def _refire(row: Attachment, now: dt.datetime) -> None:
    actor = system_actor("Monitoring", via="rule")
    enter(row.incident, IncidentStatus.TRIAGE, actor=actor, now=now, rule="refired")
    if row.page:
        services = list(row.incident.services.order_by("incident_rows__position"))
        body = row.alerts[0].title if row.alerts else ""
        start_paging(
            row.incident, actor=actor, services=services, body=body, policy_id=row.policy_id, now=now
        )


def _entry(row: Attachment, now: dt.datetime) -> TimelineEntry:
    shown = [{"id": a.id, "title": a.title, "severity": a.severity} for a in row.alerts[:_SHOWN]]
    return new_entry(
        row.incident,
        actor=system_actor("Monitoring", via="rule"),
        kind=EntryKind.ALERT_ATTACHED,
        now=now,
        text=row.alerts[0].title if len(row.alerts) == 1 else "",
        data={"count": len(row.alerts), "alerts": shown},
    )


def _save(rows: Sequence[Attachment], now: dt.datetime) -> None:
    if len(rows) == 1:
        save_incident(rows[0].incident, now, "alert_count", "firing_count", "alerts_clear_at", "page_status")
        return
    incidents = [row.incident for row in rows]
    for incident in incidents:
        incident.updated_at = now
    columns = {name: [getattr(incident, name) for incident in incidents] for name in _SAVED}
    with connection.cursor() as cursor:
        cursor.execute(_SAVE, columns)


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

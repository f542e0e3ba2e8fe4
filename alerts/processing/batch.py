"""One batch of items of one service: deduplicate, hold or group, open or join, count.

Locks are taken alert → incident; the incident number is the last.
"""

from __future__ import annotations

import datetime as dt

import msgspec
from django.db import connection

from alerts.choices import AlertStatus, IntakeAction, IntakeStatus
from alerts.models import Alert, IntakeItem, Integration
from alerts.processing.grouping import Grouping
from alerts.processing.holding import Holds
from alerts.sources.base import Parsed
from incidents.actions.acknowledge import acknowledge_from_source
from incidents.actions.alerts import AttachedAlert, alerts_attached, alerts_changed
from incidents.models import Incident
from notifications.choices import Urgency

MAX_LOG = 100
_Key = tuple[int, str]

_COUNTS = """
SELECT i.number, count(*) FILTER (WHERE a.status <> 'resolved'), count(*)
FROM alerts_alert a JOIN incidents_incident i ON i.id = a.incident_id
WHERE a.incident_id = ANY(%s) GROUP BY i.number ORDER BY i.number
"""

_FINISH = """
UPDATE alerts_intakeitem AS item
SET alert_id = done.alert, status = done.status, outcome = done.outcome, processed_at = %(now)s
FROM unnest(%(ids)s::bigint[], %(alerts)s::bigint[], %(statuses)s::text[], %(outcomes)s::text[])
     AS done(id, alert, status, outcome)
WHERE item.id = done.id
"""


class Batch:
    """Applies items in order to the open alerts they concern, in memory, then writes once."""

    def __init__(self, items: list[IntakeItem], now: dt.datetime) -> None:
        self.items = items
        self.now = now
        self.open: dict[_Key, Alert] = {}
        self.alerts: list[Alert] = []
        self.dirty: set[int] = set()
        self.acknowledged: list[tuple[Alert, str]] = []
        self.number_of: dict[int, int] = {}
        self.touched: set[int] = set()
        self.of_item: dict[int, Alert | None] = {}
        self.outcomes: dict[int, str] = {}

    def run(self) -> None:
        """Everything for this batch, inside the caller's transaction."""
        self._lock_open()
        for item in self.items:
            parsed = msgspec.convert(item.parsed, Parsed)
            alert = self.open.get((item.integration_id, item.dedup_key))
            if item.action == IntakeAction.TRIGGER:
                self._trigger(item, parsed, alert)
            else:
                self._settle(item, parsed, alert)
        joined = self._place()
        self._write()
        self._tell_incidents(joined)
        self._finish_items()

    def _lock_open(self) -> None:
        keys = {(item.integration_id, item.dedup_key) for item in self.items}
        rows = Alert.objects.open().filter(
            integration_id__in={integration for integration, _key in keys},
            dedup_key__in={dedup for _integration, dedup in keys},
        )
        for alert in rows.order_by("pk").select_for_update(no_key=True, of=("self",)):
            self.open[(alert.integration_id, alert.dedup_key)] = alert
            self.alerts.append(alert)

    def _trigger(self, item: IntakeItem, parsed: Parsed, alert: Alert | None) -> None:
        if alert is None:
            alert = _new_alert(item, parsed)
            self.open[(item.integration_id, item.dedup_key)] = alert
            self.alerts.append(alert)
            self.outcomes[item.pk] = "opened an alert"
        else:
            alert.count += 1
            alert.last_seen_at = max(alert.last_seen_at, item.received_at)
            _refresh(alert, item, parsed)
            self.outcomes[item.pk] = f"repeat {alert.count} of an open alert"
        self.dirty.add(id(alert))
        self.of_item[item.pk] = alert
        self.number_of[item.pk] = alert.count

    def _settle(self, item: IntakeItem, parsed: Parsed, alert: Alert | None) -> None:
        """Acknowledge or resolve. Without an open alert it is dropped, as PagerDuty does."""
        self.of_item[item.pk] = alert
        if alert is None:
            self.outcomes[item.pk] = "no open alert with this key"
            return
        self.dirty.add(id(alert))
        if item.action == IntakeAction.RESOLVE:
            alert.status, alert.resolved_at = AlertStatus.RESOLVED, self.now
            del self.open[(item.integration_id, item.dedup_key)]
            self.outcomes[item.pk] = "resolved the alert"
            if alert.incident_id:
                self.touched.add(alert.incident_id)
        elif alert.status == AlertStatus.FIRING:
            alert.status, alert.acknowledged_at = AlertStatus.ACKNOWLEDGED, self.now
            self.outcomes[item.pk] = "acknowledged the alert"
            self.acknowledged.append((alert, parsed.source or item.integration.name))

    def _place(self) -> dict[int, list[Alert]]:
        """Give every alert without an incident its place; incident number → alerts that joined.

        One that fired and resolved within this batch too: what happens must not hang on how items fell
        into batches.
        """
        waiting = [
            a
            for a in self.alerts
            if a.incident_id is None and (a.status != AlertStatus.RESOLVED or a.pk is None)
        ]
        if not waiting:
            return {}
        service = self.items[0].service
        holds = Holds(service.pk if service else None, self.now)
        placed: list[Alert] = []
        for alert in waiting:
            reason = holds.reason_for(alert)
            if reason:
                alert.held_by = reason
                alert.route = [*alert.route, f"Held: {reason}"]
                self.dirty.add(id(alert))
            else:
                alert.held_by = ""
                placed.append(alert)
        drills = {
            id(self.of_item[item.pk]): item.parsed["drill_for"]
            for item in self.items
            if "drill_for" in item.parsed
        }
        grouping = Grouping(service, self.now)
        joined = grouping.place(placed, drills)
        for alert in placed:
            self.dirty.add(id(alert))
        return joined

    def _write(self) -> None:
        changed = [a for a in self.alerts if id(a) in self.dirty]
        old = [a for a in changed if a.pk is not None]
        # An upsert of rows that exist: many times cheaper than one CASE for each field.
        Alert.objects.bulk_create(
            old, batch_size=500, update_conflicts=True, unique_fields=["id"], update_fields=_FIELDS
        )
        Alert.objects.bulk_create([a for a in changed if a.pk is None], batch_size=500)
        seen = {item.integration_id for item in self.items}
        Integration.objects.filter(pk__in=seen).update(last_received_at=self.now)

    def _tell_incidents(self, joined: dict[int, list[Alert]]) -> None:
        ids = {a.incident_id for alerts in joined.values() for a in alerts} | self.touched
        if ids:
            with connection.cursor() as cursor:
                cursor.execute(_COUNTS, [sorted(ids)])
                counts = cursor.fetchall()
            for number, firing, total in counts:
                if number in joined:
                    attached = [AttachedAlert(a.pk, a.title, a.severity) for a in joined[number]]
                    alerts_attached(
                        number=number,
                        alerts=attached,
                        firing=firing,
                        total=total,
                        urgent=any(
                            a.urgency == Urgency.HIGH and a.status == AlertStatus.FIRING
                            for a in joined[number]
                        ),
                        now=self.now,
                    )
                else:
                    alerts_changed(number=number, firing=firing, total=total, now=self.now)
        self._acknowledge()

    def _acknowledge(self) -> None:
        labels = {alert.incident_id: label for alert, label in self.acknowledged if alert.incident_id}
        incidents = Incident.objects.filter(pk__in=labels).order_by("number") if labels else []
        for incident in incidents:
            acknowledge_from_source(number=incident.number, label=labels[incident.pk], now=self.now)

    def _finish_items(self) -> None:
        """Mark items done; of an alert that repeats for ever only the first hundred stay."""
        surplus = [item.pk for item in self.items if self.number_of.get(item.pk, 0) > MAX_LOG]
        IntakeItem.objects.filter(pk__in=surplus).delete()
        gone = set(surplus)
        kept = [item.pk for item in self.items if item.pk not in gone]
        alerts = [self.of_item[pk] for pk in kept]
        with connection.cursor() as cursor:
            cursor.execute(
                _FINISH,
                {
                    "ids": kept,
                    "alerts": [alert.pk if alert else None for alert in alerts],
                    "statuses": [IntakeStatus.DONE if alert else IntakeStatus.DROPPED for alert in alerts],
                    "outcomes": [self.outcomes.get(pk, "")[:300] for pk in kept],
                    "now": self.now,
                },
            )


_FIELDS = [
    "status",
    "urgency",
    "severity",
    "title",
    "description",
    "labels",
    "links",
    "raw",
    "count",
    "incident",
    "route",
    "held_by",
    "last_seen_at",
    "acknowledged_at",
    "resolved_at",
]


def _new_alert(item: IntakeItem, parsed: Parsed) -> Alert:
    service = item.service
    alert = Alert(
        integration_id=item.integration_id,
        service=service,
        team_id=service.team_id if service else item.integration.team_id,
        dedup_key=parsed.dedup_key,
        group_key=parsed.group_key,
        source=parsed.source,
        occurred_at=dt.datetime.fromisoformat(parsed.occurred_at) if parsed.occurred_at else None,
        first_seen_at=item.received_at,
        last_seen_at=item.received_at,
        route=[f"Came in over “{item.integration.name}” for {service.name if service else 'no service'}"],
    )
    _refresh(alert, item, parsed)
    return alert


def _refresh(alert: Alert, item: IntakeItem, parsed: Parsed) -> None:
    """The newest event's words; an acknowledged alert stays acknowledged."""
    alert.title = parsed.title or parsed.dedup_key[:300]
    alert.description, alert.severity, alert.urgency = parsed.description, parsed.severity, parsed.urgency
    alert.labels, alert.links, alert.raw = parsed.labels, parsed.links, item.raw

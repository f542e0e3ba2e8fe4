"""One batch of items of one service: deduplicate, enrich, route, hold or group, open or join, count.

Locks are taken alert → incident; the incident number is the last. An alert that is routed to another service is given
its place by `alerts.processing.due`, under that service's lock.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import msgspec
from django.db import connection

from alerts.choices import AlertStatus, IntakeAction, IntakeStatus
from alerts.live import push_changed
from alerts.models import Alert, IntakeItem, Integration
from alerts.processing.flapping import note_return
from alerts.processing.folding import Folding
from alerts.processing.grouping import alerting_of
from alerts.processing.placing import Placing, save
from alerts.routing import enriching
from alerts.routing.rules import RuleBook, apply
from alerts.slo.selectors import budgets
from alerts.sources.base import Parsed
from core.wakeup import wake
from incidents.actions.acknowledge import acknowledge_from_source
from incidents.models import Incident

MAX_LOG = 100
# So many alerts that were sent here from other services are given their place beside a batch.
_DUE = 500
_Key = tuple[int, str]

_FINISH = """
UPDATE alerts_intakeitem AS item
SET alert_id = done.alert, status = done.status, outcome = done.outcome, processed_at = %(now)s
FROM unnest(%(ids)s::bigint[], %(alerts)s::bigint[], %(statuses)s::text[], %(outcomes)s::text[])
     AS done(id, alert, status, outcome)
WHERE item.id = done.id
"""


class _Fresh(NamedTuple):
    """A new alert and the event that made it."""

    alert: Alert
    item: IntakeItem
    parsed: Parsed


class Batch:
    """Applies items in order to the open alerts they concern, in memory, then writes once.

    The items carry what `worker.due_items` looked up with them.
    """

    def __init__(self, items: list[IntakeItem], now: dt.datetime) -> None:
        self.items = items
        self.now = now
        self.service = items[0].service
        self.open: dict[_Key, Alert] = {}
        self.before: dict[_Key, Alert] = {}
        self.alerts: list[Alert] = []
        self.fresh: list[_Fresh] = []
        self.dirty: set[int] = set()
        self.acknowledged: list[tuple[Alert, str]] = []
        self.number_of: dict[int, int] = {}
        self.touched: dict[int, bool] = {}
        self.of_item: dict[int, Alert | None] = {}
        self.outcomes: dict[int, str] = {}
        first: Any = items[0]
        self.folding = Folding(self.service, now, first.recent or 0)
        self.placing = Placing(self.service, now)

    def run(self) -> None:
        """Everything for this batch, inside the caller's transaction."""
        self._lock_known()
        for item in self.items:
            parsed = msgspec.convert(item.parsed, Parsed)
            key = (item.integration_id, item.dedup_key)
            if item.action == IntakeAction.TRIGGER:
                self._trigger(item, parsed, key)
            else:
                self._settle(item, parsed, key)
        drills = {
            id(self.of_item[item.pk]): item.parsed["drill_for"]
            for item in self.items
            if "drill_for" in item.parsed
        }
        self._route(drills)
        self._place(drills)
        self._write()
        self._tell_incidents()
        self._finish_items()
        self._tell_lists()

    def _lock_known(self) -> None:
        """The newest alert of each key, storms that stand for keys or go on, and what waits for a place here."""
        items: list[Any] = self.items
        folded = {
            (item.integration_id, item.dedup_key): item.folded_into for item in items if item.folded_into
        }
        current: int | None = items[0].storm
        latest = {item.latest for item in items if item.latest}
        of_storms = {*folded.values()} | ({current} if current else set())
        ids = latest | of_storms
        if items[0].due:
            due = Alert.objects.due(self.service.pk if self.service else None, self.now)
            ids |= set(due.order_by("pk").values_list("pk", flat=True)[:_DUE])
        storms: dict[int, Alert] = {}
        rows = Alert.objects.filter(pk__in=ids).select_related("rule", "integration").order_by("pk")
        for alert in rows.select_for_update(no_key=True, of=("self",)) if ids else ():
            self.alerts.append(alert)
            if alert.pk in of_storms:
                storms[alert.pk] = alert
            elif alert.pk not in latest:
                continue
            elif alert.status == AlertStatus.RESOLVED:
                self.before[(alert.integration_id, alert.dedup_key)] = alert
            else:
                self.open[(alert.integration_id, alert.dedup_key)] = alert
        self.folding.know(storms, folded, current)

    def _trigger(self, item: IntakeItem, parsed: Parsed, key: _Key) -> None:
        alert = self.open.get(key)
        if alert is not None:
            alert.count += 1
            alert.last_seen_at = max(alert.last_seen_at, item.received_at)
            labels = alert.labels
            _refresh(alert, item, parsed)
            if item.integration.templates:
                enriching.word(alert, item, parsed, new=False)
            if alert.silence_id and labels != alert.labels:
                # What held it may hold it no longer.
                alert.place_at = self.now
            self.outcomes[item.pk] = f"repeat {alert.count} of an open alert"
            self.number_of[item.pk] = alert.count
        elif key in self.folding.of:
            alert = self.folding.of[key]
            alert.last_seen_at = max(alert.last_seen_at, item.received_at)
            self.outcomes[item.pk] = "repeat of an alert that a storm's alert stands for"
            self.number_of[item.pk] = MAX_LOG + 1
        else:
            alert = self._new(item, parsed, key)
            self.outcomes[item.pk] = "opened an alert"
        self.dirty.add(id(alert))
        self.of_item[item.pk] = alert

    def _new(self, item: IntakeItem, parsed: Parsed, key: _Key) -> Alert:
        alert = _new_alert(item, parsed)
        before = self.before.pop(key, None)
        if before is not None:
            note_return(alert, before, alerting_of(self.service), self.now)
        self.open[key] = alert
        self.alerts.append(alert)
        self.fresh.append(_Fresh(alert, item, parsed))
        return alert

    def _settle(self, item: IntakeItem, parsed: Parsed, key: _Key) -> None:
        """Acknowledge or resolve. Without an open alert it is dropped, as PagerDuty does."""
        alert = self.open.get(key) or self.folding.of.get(key)
        self.of_item[item.pk] = alert
        if alert is None:
            self.outcomes[item.pk] = "no open alert with this key"
            return
        self.dirty.add(id(alert))
        if item.action == IntakeAction.RESOLVE:
            self._resolve(key)
            self.outcomes[item.pk] = "resolved the alert"
            if alert.incident_id and alert.status == AlertStatus.RESOLVED:
                news = self.touched.get(alert.incident_id, False)
                self.touched[alert.incident_id] = news or not alert.flapping
        elif alert.status == AlertStatus.FIRING:
            alert.status, alert.acknowledged_at = AlertStatus.ACKNOWLEDGED, self.now
            self.outcomes[item.pk] = "acknowledged the alert"
            self.acknowledged.append((alert, parsed.source or item.integration.name))

    def _resolve(self, key: _Key) -> None:
        alert = self.open.pop(key, None)
        if alert is None:
            self.folding.clear(key)
            return
        alert.status, alert.resolved_at = AlertStatus.RESOLVED, self.now
        self.before[key] = alert
        if alert.place_at is not None:
            alert.place_at = None
            alert.route = [*alert.route, "Resolved before its time came: nothing was opened"]

    def _route(self, drills: dict[int, Any]) -> None:
        """Where the new alerts go; a rehearsal stays where it is."""
        fresh = [row for row in self.fresh if id(row.alert) not in drills]
        names = {
            asked
            for row in fresh
            if row.item.integration.service_label
            and (asked := enriching.wanted(row.item.integration, row.alert)) is not None
        }
        services = enriching.named(names)
        ruled: list[Any] = [row.item for row in fresh]
        teams = {item.integration.team_id for item in ruled if item.ruled}
        book = RuleBook.of_teams(teams, self.now)
        for alert, item, _parsed in fresh:
            if item.integration.service_label:
                enriching.settle_service(alert, item.integration, services)
        left = self._budgets(fresh, book)
        for alert, item, parsed in fresh:
            integration = item.integration
            if integration.templates:
                enriching.word(alert, item, parsed, new=True)
            if book.has(integration.team_id):
                decision = book.decide(
                    integration.team_id, alert, integration.kind, left.get(alert.service_id or 0)
                )
                apply(alert, decision, self.now)
            if alert.service_id != (self.service.pk if self.service else None) and not alert.held_by:
                alert.place_at = alert.place_at or self.now
            if alert.status == AlertStatus.RESOLVED:
                alert.place_at = None

    def _budgets(self, fresh: list[_Fresh], book: RuleBook) -> dict[int, float]:
        """What is left of the error budgets of their services, where a rule asks: else no statement."""
        asked = {
            row.alert.service_id
            for row in fresh
            if row.alert.service_id is not None and book.asks_budgets(row.item.integration.team_id)
        }
        return budgets(asked)

    def _place(self, drills: dict[int, Any]) -> None:
        """Give every alert of this service that waits its place.

        One that fired and resolved within this batch too: what happens must not hang on how items fell
        into batches.
        """
        waiting = [alert for alert in self.alerts if self._waits(alert)]
        self.dirty.update(id(alert) for alert in waiting)
        free = self.placing.sort_out(waiting)
        free = self._fold(free, drills)
        of_incidents = {*self.touched, *(a.incident_id for a, _label in self.acknowledged if a.incident_id)}
        self.placing.group(free, drills, of_incidents)
        if any(a.place_at is not None and a.place_at <= self.now for a in self.alerts):
            wake("alerts.place_due")

    def _waits(self, alert: Alert) -> bool:
        if alert.incident_id is not None or alert.service_id != (self.service.pk if self.service else None):
            return False
        if alert.status == AlertStatus.RESOLVED:
            on_hold = alert.rule is not None and alert.rule.hold_minutes
            return alert.pk is None and not alert.held_by and not on_hold
        return not alert.held_by if alert.place_at is None else alert.place_at <= self.now

    def _fold(self, alerts: list[Alert], drills: dict[int, Any]) -> list[Alert]:
        """What is beyond the service's rate becomes part of its storm's alert."""
        new = [alert for alert in alerts if alert.pk is None and id(alert) not in drills]
        folded = {id(alert) for alert in self.folding.fold(new)} if new else set()
        if not folded:
            return alerts
        storm = self.folding.storm
        assert storm is not None
        self.alerts = [alert for alert in self.alerts if id(alert) not in folded]
        for pk, alert in self.of_item.items():
            if id(alert) in folded:
                self.of_item[pk] = storm
                self.outcomes[pk] = "counted in a storm's alert"
        self.acknowledged = [(storm if id(a) in folded else a, label) for a, label in self.acknowledged]
        rest = [alert for alert in alerts if id(alert) not in folded]
        if storm.pk is None:
            self.alerts.append(storm)
            rest.append(storm)
        return rest

    def _write(self) -> None:
        changed = self.dirty | self.folding.changed
        save([alert for alert in self.alerts if id(alert) in changed])
        self.folding.write()
        seen = {item.integration_id for item in self.items}
        Integration.objects.filter(pk__in=seen).update(last_received_at=self.now)

    def _tell_incidents(self) -> None:
        storm = self.folding.storm
        urgent = {storm.incident_id} if storm and storm.incident_id and self.folding.more_urgent else set()
        self.placing.tell(self.touched, urgent=urgent)
        labels = {alert.incident_id: label for alert, label in self.acknowledged if alert.incident_id}
        incidents = Incident.objects.filter(pk__in=labels).order_by("number") if labels else []
        for incident in incidents:
            acknowledge_from_source(number=incident.number, label=labels[incident.pk], now=self.now)

    def _tell_lists(self) -> None:
        changed = self.dirty | self.folding.changed
        teams = {alert.team_id for alert in self.alerts if id(alert) in changed}
        push_changed(teams, [self.service.team] if self.service else (), seq=self.items[-1].pk)

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


def _new_alert(item: IntakeItem, parsed: Parsed) -> Alert:
    service = item.service
    alert = Alert(
        integration=item.integration,
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
    """The newest event's words; an acknowledged alert stays acknowledged, and an urgency a rule gave stays."""
    alert.title = parsed.title or parsed.dedup_key[:300]
    alert.description, alert.severity = parsed.description, parsed.severity
    if alert.rule is None or not alert.rule.urgency:
        alert.urgency = parsed.urgency
    alert.labels, alert.links, alert.raw = parsed.labels, parsed.links, item.raw

"""Which incident an alert joins, or that it opens one.

By group key on the service while an incident of that key is open; as a symptom of what the service stands on, or by
service within a window, where the service is set so; above 20 new incidents of a service in 60 seconds the rest joins
the newest.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef

from alerts.choices import GroupBy
from alerts.models import Alert, ServiceAlerting
from alerts.processing.flapping import is_quiet
from alerts.processing.symptoms import Upstream, affected_upstream
from incidents.actions.opening import open_from_alert
from incidents.choices import ACTIVE, IncidentKind, IncidentStatus
from incidents.models import Incident
from services.models import Service

STORM_LIMIT = 20
STORM_WINDOW = dt.timedelta(seconds=60)
REFIRE_WINDOW = dt.timedelta(hours=24)
# The longest address an incident keeps.
_LINK = 500
# Of incidents that may be joined only this is read; the one that is joined is read whole when it is locked.
_LOADED = ("incident", "incident__merged_into")
_NEEDED = ("number", "status", "auto_resolved", "resolved_at")


@dataclass
class Joined:
    """Alerts that joined one incident, whose row is locked. `news`: those its timeline tells of; `paging`: those that
    may page again."""

    incident: Incident
    alerts: list[Alert] = field(default_factory=list)
    news: list[Alert] = field(default_factory=list)
    paging: list[Alert] = field(default_factory=list)


def alerting_of(service: Service | None) -> ServiceAlerting:
    """The service's settings; the defaults where nobody has set any."""
    found: ServiceAlerting | None = getattr(service, "alerting", None) if service is not None else None
    return found or ServiceAlerting()


class Grouping:
    """Places alerts of one service at one instant."""

    def __init__(self, service: Service | None, now: dt.datetime) -> None:
        self.service = service
        self.alerting = alerting_of(service)
        self.now = now
        self.by_key: dict[str, Incident] = {}
        self.in_window: Incident | None = None
        self.upstream: Upstream | None = None
        self.opened_recently = 0
        self.newest: Incident | None = None
        self.joined: dict[int, Joined] = {}

    def place(
        self, alerts: list[Alert], drills: dict[int, Any], touched: Collection[int] = ()
    ) -> dict[int, Joined]:
        """Set `incident` on every alert; incident number → what joined it.

        `touched`: ids of further incidents the caller is going to change. All are locked here in order of number,
        before any is opened: whoever has the counter of numbers waits for no incident.
        """
        if not alerts:
            return {}
        self._load({alert.group_key for alert in alerts})
        crowded = self.opened_recently + len(alerts) > STORM_LIMIT or any(alert.folded for alert in alerts)
        self._lock(touched, newest=crowded)
        for alert in alerts:
            drill_for = drills.get(id(alert))
            incident, why, page = self._choose(alert, drill_for)
            quiet = is_quiet(alert, self.alerting)
            alert.incident = incident
            alert.route = [*alert.route, why]
            row = self.joined.setdefault(incident.number, Joined(incident))
            row.alerts.append(alert)
            if not quiet:
                row.news.append(alert)
                if page:
                    row.paging.append(alert)
        return self.joined

    def _choose(self, alert: Alert, drill_for: int | None) -> tuple[Incident, str, bool]:
        """The incident, why, and whether joining it may page."""
        known = self.by_key.get(alert.group_key)
        if known is not None:
            return known, f"Joined #{known.number}: same grouping key", True
        if drill_for is not None:
            incident = self._open(alert, drill_for)
            return incident, f"Opened #{incident.number} as a drill", True
        if self.upstream is not None:
            known, name = self.upstream
            alert.symptom_of = known
            mine = self.service.name if self.service else ""
            why = f"Joined #{known.number}: {name}, which {mine} depends on, is affected"
            return known, why, self.alerting.page_symptoms
        if self.in_window is not None:
            minutes = self.alerting.window_minutes
            why = (
                f"Joined #{self.in_window.number}: open for this service, last alert within {minutes} minutes"
            )
            return self.in_window, why, True
        if alert.folded and self.newest is not None:
            return self.newest, f"Joined #{self.newest.number}: the newest of its service", True
        if self.opened_recently >= STORM_LIMIT and self.newest is not None:
            number = self.newest.number
            return self.newest, f"Joined #{number}: over {STORM_LIMIT} new incidents in a minute", True
        incident = self._open(alert, None)
        return incident, f"Opened #{incident.number}: no open incident with this grouping key", True

    def _open(self, alert: Alert, drill_for: int | None) -> Incident:
        incident = open_from_alert(
            service=self.service,
            title=alert.title,
            body=alert.description,
            urgency=alert.urgency,
            source=alert.source,
            occurred_at=alert.occurred_at,
            kind=IncidentKind.DRILL if drill_for else IncidentKind.REAL,
            page_user_ids=[drill_for] if drill_for else [],
            severity=None if drill_for else alert.severity_rank,
            policy_id=None if drill_for else alert.policy_id,
            team_id=alert.team_id,
            ticket=alert.labels.get("ticket", ""),
            link=_ticket_link(alert),
            now=self.now,
        )
        self.by_key[alert.group_key] = incident
        self.opened_recently += 1
        self.newest = incident
        if self.alerting.group_by == GroupBy.SERVICE and not drill_for:
            self.in_window = incident
        return incident

    def _load(self, keys: set[str]) -> None:
        """Open incidents of these keys (or resolved by themselves a short while ago), and the recent rate."""
        service_id = self.service.pk if self.service else None
        rows = (
            Alert.objects.filter(service=service_id, group_key__in=keys, incident__isnull=False)
            .filter(first_seen_at__gt=self.now - dt.timedelta(days=90))
            .select_related("incident", "incident__merged_into")
            .only("group_key", *(f"{path}__{name}" for path in _LOADED for name in _NEEDED))
            .order_by("group_key", "-pk")
            .distinct("group_key")
        )
        for alert in rows:
            incident = alert.incident
            assert incident is not None
            if incident.status == IncidentStatus.MERGED and incident.merged_into:
                incident = incident.merged_into
            if self._open_to_more(incident):
                self.by_key[alert.group_key] = incident
        recent = Incident.objects.filter(
            services=self.service, created_by__isnull=True, created_at__gt=self.now - STORM_WINDOW
        ).filter(status__in=ACTIVE)
        newest = recent.only("number", "status").order_by("-number")
        numbers = list(newest[: STORM_LIMIT + 1]) if self.service else []
        self.opened_recently = len(numbers)
        self.newest = numbers[0] if numbers else None
        if keys - set(self.by_key) and self.service is not None:
            self._load_wider(self.service)

    def _load_wider(self, service: Service) -> None:
        """What only services that are set so look for."""
        if self.alerting.attach_symptoms:
            self.upstream = affected_upstream(service)
        if self.alerting.group_by == GroupBy.SERVICE:
            since = self.now - dt.timedelta(minutes=self.alerting.window_minutes)
            fed = Alert.objects.filter(incident=OuterRef("pk"), service=service, last_seen_at__gt=since)
            rows = Incident.objects.filter(
                Exists(fed), services=service, created_by__isnull=True, kind=IncidentKind.REAL
            )
            self.in_window = rows.filter(status__in=ACTIVE).order_by("-number").first()

    def _lock(self, touched: Collection[int], *, newest: bool) -> None:
        """Lock what may be joined, and drop what is over since it was read."""
        others = [self.in_window, self.upstream and self.upstream.incident, self.newest if newest else None]
        ids = {*touched, *(row.pk for row in (*self.by_key.values(), *others) if row is not None)}
        if not ids:
            return
        rows = Incident.objects.filter(pk__in=ids).order_by("number")
        fresh = {row.pk: row for row in rows.select_for_update(of=("self",), no_key=True)}
        for key, incident in list(self.by_key.items()):
            now = fresh.get(incident.pk)
            if now is None or not (now.status == IncidentStatus.MERGED or self._open_to_more(now)):
                del self.by_key[key]
            else:
                self.by_key[key] = now
        self.in_window = self._still(self.in_window, fresh)
        if self.upstream is not None:
            known = self._still(self.upstream.incident, fresh)
            self.upstream = self.upstream._replace(incident=known) if known else None
        self.newest = self._still(self.newest, fresh) if newest else self.newest

    @staticmethod
    def _still(incident: Incident | None, fresh: dict[int, Incident]) -> Incident | None:
        found = fresh.get(incident.pk) if incident is not None else None
        return found if found is not None and found.status in ACTIVE else None

    def _open_to_more(self, incident: Incident) -> bool:
        if incident.status in ACTIVE or incident.status == IncidentStatus.DECLINED:
            return True
        refired = incident.resolved_at is not None and incident.resolved_at > self.now - REFIRE_WINDOW
        return incident.status == IncidentStatus.RESOLVED and incident.auto_resolved and refired


def _ticket_link(alert: Alert) -> str:
    """Where the ticket is that the alert names; "" when it names none."""
    href = alert.links[0].get("href", "") if alert.labels.get("ticket") and alert.links else ""
    return href if len(href) <= _LINK else ""

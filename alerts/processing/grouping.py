"""Which incident an alert joins, or that it opens one.

By group key on the service while an incident of that key is open; above 20 new incidents of a
service in 60 seconds the rest joins the newest.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

from alerts.models import Alert
from incidents.actions.common import lock_by_number
from incidents.actions.opening import open_from_alert
from incidents.choices import ACTIVE, IncidentKind, IncidentStatus
from incidents.models import Incident
from services.models import Service

STORM_LIMIT = 20
STORM_WINDOW = dt.timedelta(seconds=60)
REFIRE_WINDOW = dt.timedelta(hours=24)


class Grouping:
    """Places alerts of one service at one instant."""

    def __init__(self, service: Service | None, now: dt.datetime) -> None:
        self.service = service
        self.now = now
        self.by_key: dict[str, Incident] = {}
        self.opened_recently = 0
        self.newest: Incident | None = None

    def place(self, alerts: list[Alert], drills: dict[int, Any]) -> dict[int, list[Alert]]:
        """Set `incident` on every alert; incident number → alerts that joined it."""
        if not alerts:
            return {}
        self._load({alert.group_key for alert in alerts})
        joined: dict[int, list[Alert]] = defaultdict(list)
        for number in sorted({row.number for row in self.by_key.values()}):
            lock_by_number(number)
        for alert in alerts:
            incident, why = self._choose(alert, drills.get(id(alert)))
            alert.incident = incident
            alert.route = [*alert.route, why]
            joined[incident.number].append(alert)
        return joined

    def _choose(self, alert: Alert, drill_for: int | None) -> tuple[Incident, str]:
        known = self.by_key.get(alert.group_key)
        if known is not None:
            return known, f"Joined #{known.number}: same grouping key"
        if self.opened_recently >= STORM_LIMIT and self.newest is not None and drill_for is None:
            number = self.newest.number
            return self.newest, f"Joined #{number}: over {STORM_LIMIT} new incidents in a minute"
        incident = open_from_alert(
            service=self.service,
            title=alert.title,
            body=alert.description,
            urgency=alert.urgency,
            source=alert.source,
            occurred_at=alert.occurred_at,
            kind=IncidentKind.DRILL if drill_for else IncidentKind.REAL,
            page_user_ids=[drill_for] if drill_for else [],
            team_id=alert.team_id,
            now=self.now,
        )
        self.by_key[alert.group_key] = incident
        self.opened_recently += 1
        self.newest = incident
        return incident, f"Opened #{incident.number}: no open incident with this grouping key"

    def _load(self, keys: set[str]) -> None:
        """Open incidents of these keys (or resolved by themselves a short while ago), and the recent rate."""
        service_id = self.service.pk if self.service else None
        rows = (
            Alert.objects.filter(service=service_id, group_key__in=keys, incident__isnull=False)
            .filter(first_seen_at__gt=self.now - dt.timedelta(days=90))
            .select_related("incident", "incident__merged_into")
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
        numbers = list(recent.order_by("-number")[: STORM_LIMIT + 1]) if self.service else []
        self.opened_recently = len(numbers)
        self.newest = numbers[0] if numbers else None

    def _open_to_more(self, incident: Incident) -> bool:
        if incident.status in ACTIVE or incident.status == IncidentStatus.DECLINED:
            return True
        refired = incident.resolved_at is not None and incident.resolved_at > self.now - REFIRE_WINDOW
        return incident.status == IncidentStatus.RESOLVED and incident.auto_resolved and refired

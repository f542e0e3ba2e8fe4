"""Storms: above a rate of new alerts of a service the rest becomes one alert, "N more alerts".

The sender's own payloads stay with their intake items; of what is folded only the key is kept while it is open, so
that repeats count once and what resolves counts down.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from alerts.choices import AlertStatus
from alerts.models import Alert, FoldedKey
from alerts.processing.grouping import alerting_of
from notifications.choices import Urgency
from services.models import Service

WINDOW = dt.timedelta(seconds=60)
_NAMED = 20
Key = tuple[int, str]


def storm_group(service_id: int) -> str:
    """The grouping key of the service's storm alert."""
    return f"storm:{service_id}"


class Folding:
    """The storm of one service: what it stands for, and how many new alerts still fit beside it."""

    def __init__(self, service: Service | None, now: dt.datetime, recent: int) -> None:
        self.service = service
        self.now = now
        self.recent = recent
        self.limit = alerting_of(service).storm_per_minute
        self.storm: Alert | None = None
        self.of: dict[Key, Alert] = {}
        self.changed: set[int] = set()
        self.more_urgent = False
        self._added: dict[Key, Alert] = {}
        self._removed: set[Key] = set()

    def know(self, storms: Mapping[int, Alert], keys: Mapping[Key, int], current: int | None) -> None:
        """What is stored: storm alerts by id, which folded keys they stand for, and the one that goes on."""
        self.of = {key: storms[pk] for key, pk in keys.items() if _is_open(storms.get(pk))}
        found = storms.get(current or 0)
        self.storm = found if _is_open(found) else None

    def clear(self, key: Key) -> Alert:
        """A folded condition has resolved; with the last one the storm's alert does."""
        storm = self.of.pop(key)
        self._removed.add(key)
        storm.folded -= 1
        storm.last_seen_at = max(storm.last_seen_at, self.now)
        self.changed.add(id(storm))
        if storm.folded <= 0:
            storm.folded, storm.status, storm.resolved_at = 0, AlertStatus.RESOLVED, self.now
            self.storm = None if storm is self.storm else self.storm
        return storm

    def fold(self, alerts: Sequence[Alert]) -> list[Alert]:
        """New alerts in the order they came; those beyond the rate are folded and returned."""
        room = self._room()
        if self.service is None or len(alerts) <= room:
            return []
        kept, rest = alerts[:room], list(alerts[room:])
        self.recent += len(kept)
        self._take(self.storm or self._begin(rest[0]), rest)
        return rest

    def _room(self) -> int:
        storm, carried = self.storm, 0
        if storm is not None and storm.flap_since is not None:
            age = self.now - storm.flap_since
            if age < WINDOW:
                carried = storm.changes
            elif age < 2 * WINDOW and storm.changes >= self.limit:
                # The last minute was a storm: this one is, until it has been calmer for a minute.
                carried = self.limit
            if age >= WINDOW:
                storm.flap_since, storm.changes = self.now, 0
                self.changed.add(id(storm))
        return max(self.limit - self.recent - carried, 0)

    def _begin(self, first: Alert) -> Alert:
        assert self.service is not None
        words = f"Above {self.limit} new alerts of {self.service.name} a minute the rest is counted here."
        self.storm = Alert(
            integration=first.integration,
            service=self.service,
            team_id=self.service.team_id or first.team_id,
            dedup_key=f"{storm_group(self.service.pk)}:{self.now.isoformat()}",
            group_key=storm_group(self.service.pk),
            urgency=Urgency.LOW,
            source=first.integration.name,
            description=f"{words} Among them:",
            count=0,
            first_seen_at=self.now,
            last_seen_at=self.now,
            flap_since=self.now,
            route=[words],
        )
        return self.storm

    def _take(self, storm: Alert, alerts: Iterable[Alert]) -> None:
        for alert in alerts:
            if storm.count < _NAMED:
                storm.description = f"{storm.description}\n{alert.title}"
            storm.count += 1
            storm.changes += 1
            if alert.urgency == Urgency.HIGH and storm.urgency != Urgency.HIGH:
                storm.urgency, storm.severity = Urgency.HIGH, alert.severity
                self.more_urgent = storm.pk is not None
            if alert.status != AlertStatus.RESOLVED:
                storm.folded += 1
                key = (alert.integration_id, alert.dedup_key)
                self.of[key] = self._added[key] = storm
        storm.title = f"{storm.count:,} more alerts" if storm.count > 1 else "1 more alert"
        storm.last_seen_at = max(storm.last_seen_at, self.now)
        self.changed.add(id(storm))
        if not storm.folded:
            storm.status, storm.resolved_at = AlertStatus.RESOLVED, self.now

    def write(self) -> None:
        """Store which keys are folded; the storm's alert has been written before."""
        for integration_id in {integration for integration, _dedup in self._removed}:
            dedups = [dedup for integration, dedup in self._removed if integration == integration_id]
            FoldedKey.objects.filter(integration_id=integration_id, dedup_key__in=dedups).delete()
        rows = [
            FoldedKey(alert=storm, integration_id=key[0], dedup_key=key[1])
            for key, storm in self._added.items()
        ]
        # A key may be left from a storm that somebody resolved.
        FoldedKey.objects.bulk_create(
            rows,
            batch_size=500,
            update_conflicts=True,
            unique_fields=["integration", "dedup_key"],
            update_fields=["alert"],
        )


def _is_open(alert: Alert | None) -> bool:
    return alert is not None and alert.status != AlertStatus.RESOLVED

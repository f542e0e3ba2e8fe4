"""Silences and maintenance windows of a service, and what they hold."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import structlog
from django.db.models import Q

from alerts import matching
from alerts.models import Alert, MaintenanceWindow, Silence
from alerts.recurrence import current
from services.models import Service

log = structlog.get_logger("watchbill.intake")


@dataclass(frozen=True)
class Hold:
    """What holds an alert: in words, until when, and which row."""

    reason: str
    until: dt.datetime
    silence: Silence | None = None
    window: MaintenanceWindow | None = None


class Holds:
    """What holds alerts of one service back at an instant: loaded once a batch."""

    def __init__(self, service: Service | None, now: dt.datetime) -> None:
        self.windows: list[Hold] = []
        self.silences: list[tuple[tuple[matching.Matcher, ...], Hold]] = []
        if service is None:
            return
        again = Q(rrule__gt="", repeats_until__gt=now - dt.timedelta(days=31))
        windows = MaintenanceWindow.objects.filter(service=service, starts_at__lte=now)
        for window in windows.filter(Q(ends_at__gt=now) | again).order_by("pk"):
            occurrence = current(window, now)
            if occurrence is not None:
                reason = f"maintenance until {occurrence.end:%F %R} UTC: {window.reason}"[:300]
                self.windows.append(Hold(reason, occurrence.end, window=window))
        of_it = Q(service=service)
        if service.team_id is not None:
            of_it |= Q(service__isnull=True, team=service.team_id)
        for silence in Silence.objects.filter(of_it, starts_at__lte=now, ends_at__gt=now).order_by("pk"):
            self._add(silence)

    def _add(self, silence: Silence) -> None:
        try:
            matchers = matching.stored(silence.matchers)
            matching.holds(matchers, {})
        except matching.MatcherError:
            # Rather a page too many: what cannot be read holds nothing.
            log.exception("a silence cannot be read", silence=silence.pk)
            return
        reason = f"silence until {silence.ends_at:%F %R} UTC: {silence.reason}"[:300]
        self.silences.append((matchers, Hold(reason, silence.ends_at, silence=silence)))

    def of(self, alert: Alert) -> Hold | None:
        """What holds this alert; None when nothing does."""
        if self.windows:
            return self.windows[0]
        if not self.silences:
            return None
        of = matching.facts(
            alert.labels,
            source=alert.integration.kind,
            severity=alert.severity,
            title=alert.title,
            urgency=alert.urgency,
        )
        for matchers, hold in self.silences:
            try:
                if matching.holds(matchers, of):
                    return hold
            except matching.MatcherError:
                log.exception("a silence cannot be read", silence=hold.silence and hold.silence.pk)
        return None


def hold_back(alert: Alert, hold: Hold) -> None:
    """The alert waits until what holds it ends; a resolved one for nothing."""
    if (alert.silence, alert.window) != (hold.silence, hold.window) or alert.held_by != hold.reason:
        alert.route = [*alert.route, f"Held: {hold.reason}"]
    alert.held_by, alert.silence, alert.window = hold.reason, hold.silence, hold.window
    alert.place_at = None if alert.resolved_at else hold.until


def release(alert: Alert) -> None:
    """Nothing holds the alert any more."""
    alert.held_by, alert.silence, alert.window, alert.place_at = "", None, None, None

"""Silences and maintenance windows of a service."""

from __future__ import annotations

import datetime as dt

from alerts.models import Alert, MaintenanceWindow, Silence


class Holds:
    """What holds alerts of one service back at an instant: loaded once a batch."""

    def __init__(self, service_id: int | None, now: dt.datetime) -> None:
        running = {"service_id": service_id, "starts_at__lte": now, "ends_at__gt": now}
        self.windows = list(MaintenanceWindow.objects.filter(**running)) if service_id else []
        self.silences = list(Silence.objects.filter(**running)) if service_id else []

    def reason_for(self, alert: Alert) -> str:
        """In words what holds this alert; empty when nothing does."""
        for window in self.windows:
            return f"maintenance until {window.ends_at:%F %R} UTC: {window.reason}"[:300]
        for silence in self.silences:
            if matches(silence.matchers, alert.labels):
                return f"silence until {silence.ends_at:%F %R} UTC: {silence.reason}"[:300]
        return ""


def matches(matchers: list[dict[str, str]], labels: dict[str, str]) -> bool:
    """Whether every matcher's label has exactly the value; no matchers match everything."""
    return all(labels.get(item["name"], "") == item["value"] for item in matchers)

"""Alerts that come and go: counted from firing to firing of the same key."""

from __future__ import annotations

import datetime as dt

from alerts.models import Alert, ServiceAlerting


def note_return(alert: Alert, before: Alert, alerting: ServiceAlerting, now: dt.datetime) -> None:
    """The new `alert` has the key of `before`, which is resolved: count it, and mark it as flapping above the limit.

    Flapping ends when the key has been quiet for the whole window.
    """
    window = dt.timedelta(minutes=alerting.flap_minutes)
    if before.resolved_at is None or before.resolved_at <= now - window:
        return
    begun = before.flap_since
    if begun is not None and (before.flapping or begun > now - window):
        alert.changes, alert.flap_since = before.changes + 1, begun
    else:
        alert.changes, alert.flap_since = 1, max(before.first_seen_at, now - window)
    alert.flapping = before.flapping or alert.changes > alerting.flap_changes
    if alert.flapping and not before.flapping:
        alert.route = [
            *alert.route,
            f"Flapping: came back {alert.changes} times within {alerting.flap_minutes} minutes, "
            "so further returns page nobody again",
        ]


def is_quiet(alert: Alert, alerting: ServiceAlerting) -> bool:
    """Whether it has been flapping before this return: it is no news to anybody."""
    return alert.flapping and alert.changes > alerting.flap_changes + 1

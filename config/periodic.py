"""What beat starts, and how often. Each entry is a wake-up: the rows in Postgres decide what is due.

`expire_seconds` keeps a stopped worker from meeting a pile of stale ticks. Intervals are seconds.
"""

from __future__ import annotations

from typing import Any


def _every(seconds: float, task: str, queue: str, expires: float | None = None) -> dict[str, Any]:
    return {
        "task": task,
        "schedule": seconds,
        "options": {"queue": queue, "expires": expires or max(seconds, 1)},
    }


BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "engine-tick": _every(1, "oncall.tick", "engine"),
    "deliveries-sweep": _every(1, "notifications.send_due", "deliver"),
    "intake-sweep": _every(1, "alerts.process_intake", "intake"),
    "alerts-due": _every(2, "alerts.place_due", "intake"),
    "heartbeats": _every(3, "alerts.mark_late", "intake"),
    "checks-unseen": _every(15, "alerts.mark_unseen", "intake"),
    "objectives": _every(60, "alerts.evaluate_objectives", "bulk"),
    "events-sweep": _every(1, "core.relay", "events"),
    "status-pages": _every(2, "statuspage.tick", "bulk"),
    "subscribers-queue": _every(1, "statuspage.fan_out", "bulk"),
    "subscribers-send": _every(1, "statuspage.send", "bulk"),
    "incidents-timers": _every(15, "incidents.run_timers", "bulk"),
    "incidents-nags": _every(60, "incidents.nag", "bulk"),
    "shift-notices": _every(60, "oncall.notices", "bulk"),
    "calendars": _every(15, "oncall.fetch_calendars", "bulk"),
    "vendor-status": _every(10, "services.ask_vendors", "bulk"),
    "action-item-reminders": _every(60, "postmortems.remind", "bulk"),
    "issue-trackers": _every(5, "postmortems.sync_tickets", "bulk"),
    "evidence-sweep": _every(3600, "incidents.sweep_files", "bulk"),
    "pictures-sweep": _every(3600, "postmortems.sweep_files", "bulk"),
    "check-results": _every(3600, "alerts.drop_old_results", "bulk"),
    "housekeeping": _every(3600, "core.housekeeping", "bulk"),
}

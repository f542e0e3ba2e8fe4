"""Changes that come over an integration key: one form for every sender, and what PagerDuty's clients send.

A change is stored as any event is, durable before the sender hears 202; the worker makes a change event of it
(`alerts.processing.changes`). It never opens an alert and notifies nobody.
"""

from __future__ import annotations

from typing import Any

from alerts.sources.base import Event, fail, instant, links, loose, require_object
from alerts.sources.changes import change
from core.text import one_line
from services.choices import ChangeKind


def read_change(body: dict[str, Any]) -> Event:
    """A change event as clients of PagerDuty send it; nothing in it names its delivery, so each one counts."""
    details = require_object(body.get("payload"), "payload")
    summary = details.get("summary")
    if not isinstance(summary, str) or not summary.strip():
        raise fail("payload.summary", "is required")
    found = body.get("links")
    parsed = change(
        ChangeKind.DEPLOY,
        summary,
        source=one_line(loose(details.get("source"), 200), 200),
        happened_at=instant(details.get("timestamp"), "payload.timestamp"),
        links=links(found if isinstance(found, list) else None),
    )
    return Event(parsed, body)

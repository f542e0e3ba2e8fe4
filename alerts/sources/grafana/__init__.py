"""Grafana Alerting webhook: the Alertmanager body with a title, a message and links per alert."""

from __future__ import annotations

from typing import Any

import msgspec

from alerts.sources.alertmanager import event_of
from alerts.sources.base import MAX_ITEMS, Event, fail, link, loose, require_object

_LINKS = {
    "dashboardURL": "Dashboard",
    "panelURL": "Panel",
    "silenceURL": "Silence in Grafana",
    "imageURL": "Picture",
}


def parse(payload: Any) -> list[Event]:
    """One event for each alert; DatasourceNoData and DatasourceError come as ordinary alert names."""
    body = require_object(payload)
    alerts = body.get("alerts")
    if not isinstance(alerts, list) or not alerts:
        raise fail("alerts", "Must be a list with at least one alert.")
    shared = {name: value for name, value in body.items() if name != "alerts"}
    found = []
    for index, alert in enumerate(alerts[:MAX_ITEMS]):
        item = require_object(alert, f"alerts.{index}")
        event = event_of(item, shared, index)
        links = [each for name, label in _LINKS.items() for each in link(item.get(name), label)]
        description = event.parsed.description or loose(item.get("valueString"), 4000)
        source = event.parsed.source if event.parsed.source != "Alertmanager" else "Grafana"
        parsed = msgspec.structs.replace(
            event.parsed, links=[*event.parsed.links, *links], description=description, source=source
        )
        found.append(Event(parsed, event.raw))
    return found

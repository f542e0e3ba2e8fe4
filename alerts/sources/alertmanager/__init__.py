"""Prometheus Alertmanager webhook, body version 4. Unknown keys are kept and ignored.

Alerts are told apart by `fingerprint`, groups by `groupKey`; one body may mix firing and resolved.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.sources.base import (
    MAX_DESCRIPTION,
    MAX_ITEMS,
    Event,
    Headers,
    Parsed,
    SetupText,
    Source,
    fail,
    fingerprint,
    intake_url,
    key,
    labels,
    link,
    loose,
    loose_instant,
    require_object,
)
from alerts.sources.generic import curl
from core.text import one_line

_TITLES = ("summary", "title", "message")
_RUNBOOKS = ("runbook_url", "runbook")
_DASHBOARDS = ("dashboard_url", "dashboard")


def parse(payload: Any, _headers: Headers | None = None) -> list[Event]:
    """One event for each alert of the group. More than 1,000 are cut, never refused."""
    body = require_object(payload)
    alerts = body.get("alerts")
    if not isinstance(alerts, list) or not alerts:
        raise fail("alerts", "Must be a list with at least one alert.")
    shared = {name: value for name, value in body.items() if name != "alerts"}
    return [
        event_of(require_object(alert, f"alerts.{index}"), shared, index)
        for index, alert in enumerate(alerts[:MAX_ITEMS])
    ]


def event_of(alert: dict[str, Any], shared: dict[str, Any], index: int) -> Event:
    """One alert of a group as an event; `shared` is the body without its alerts."""
    status = alert.get("status", shared.get("status"))
    if status not in ("firing", "resolved"):
        raise fail(f"alerts.{index}.status", "Must be firing or resolved.")
    found = labels(alert.get("labels"), f"alerts.{index}.labels")
    notes = labels(alert.get("annotations"), f"alerts.{index}.annotations")
    dedup = key(alert.get("fingerprint")) or fingerprint(found)
    parsed = Parsed(
        action="trigger" if status == "firing" else "resolve",
        dedup_key=dedup,
        group_key=key(shared.get("groupKey")) or dedup,
        title=_title(found, notes),
        description=loose(notes.get("description") or notes.get("message"), MAX_DESCRIPTION),
        severity=one_line(found.get("severity", ""), 40),
        source=one_line(found.get("instance") or found.get("job") or "Alertmanager", 300),
        labels=found,
        links=_links(alert, notes, shared),
        occurred_at=loose_instant(alert.get("startsAt")),
    )
    return Event(parsed, {**shared, "alerts": [alert]})


def _title(found: dict[str, str], notes: dict[str, str]) -> str:
    name = found.get("alertname", "")
    summary = next((notes[key] for key in _TITLES if notes.get(key)), "")
    if name and summary and name not in summary:
        return one_line(f"{name}: {summary}", 300)
    return one_line(summary or name or "Alert without a name", 300)


def _links(alert: dict[str, Any], notes: dict[str, str], shared: dict[str, Any]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for name in _RUNBOOKS:
        found += link(notes.get(name), "Runbook")
    for name in _DASHBOARDS:
        found += link(notes.get(name), "Dashboard")
    found += link(alert.get("generatorURL"), "Source")
    found += link(shared.get("externalURL"), "Alertmanager")
    return found


_YAML = """route:
  receiver: watchbill
  group_by: [alertname, service]
  group_wait: 10s
  group_interval: 1m
  repeat_interval: 4h

receivers:
  - name: watchbill
    webhook_configs:
      - url: '{url}'
        send_resolved: true"""


def setup(key: str, base_url: str) -> list[SetupText]:
    text = _YAML.format(url=intake_url("alertmanager", key, base_url))
    return [SetupText(_("alertmanager.yml"), text), curl(key, base_url)]


SOURCE = Source(
    kind="alertmanager",
    group="monitoring",
    icon="activity",
    words=gettext_lazy(
        "Alerts of Prometheus, Mimir, VictoriaMetrics and Loki, grouped as Alertmanager groups them."
    ),
    parse=parse,
    setup=setup,
)

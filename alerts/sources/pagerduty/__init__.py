"""PagerDuty Events API v2, body of `/v2/enqueue` (limits and wording from its public documentation)."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.sources.base import (
    MAX_DESCRIPTION,
    Event,
    Headers,
    Parsed,
    PayloadError,
    SetupText,
    Source,
    key,
    labels,
    link,
    links,
    loose,
    loose_instant,
    require_object,
)
from alerts.sources.generic import curl
from core.text import one_line

ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")
MAX_KEY = 255
MAX_SUMMARY = 1024


def parse(payload: Any, _headers: Headers | None = None) -> list[Event]:
    """One event; `PayloadError` lists everything that is wrong, as the original does."""
    body = require_object(payload)
    if "event_type" in body and "event_action" not in body:
        return parse_v1(body)
    errors: dict[str, list[str]] = {}
    action = body.get("event_action")
    if action not in ACTIONS:
        errors["event_action"] = ["must be one of trigger, acknowledge, resolve"]
    dedup = body.get("dedup_key")
    if dedup is not None and (not isinstance(dedup, str) or len(dedup) > MAX_KEY):
        errors["dedup_key"] = [f"must be text of at most {MAX_KEY} characters"]
    if not dedup and action in ("acknowledge", "resolve"):
        errors["dedup_key"] = ["is required to acknowledge or resolve"]
    details = body.get("payload")
    if action == "trigger":
        errors |= _payload_errors(details)
    if errors:
        raise PayloadError(errors)
    details = details if isinstance(details, dict) else {}
    dedup = dedup or uuid.uuid4().hex
    found = {
        name: one_line(str(details[name]), 300)
        for name in ("component", "group", "class")
        if details.get(name)
    }
    custom = details.get("custom_details")
    parsed = Parsed(
        action=str(action),
        dedup_key=dedup,
        group_key=dedup,
        title=one_line(str(details.get("summary") or dedup), 300),
        description=_description(custom),
        severity=str(details.get("severity") or ""),
        source=one_line(str(details.get("source") or body.get("client") or ""), 300),
        labels=found | (labels(custom) if isinstance(custom, dict) else {}),
        links=[*link(body.get("client_url"), str(body.get("client") or "Source")), *_links(body)],
        occurred_at=loose_instant(details.get("timestamp")),
    )
    return [Event(parsed, {name: value for name, value in body.items() if name != "routing_key"})]


def parse_v1(body: dict[str, Any]) -> list[Event]:
    """An event of the older API; without a severity it pages."""
    errors: dict[str, list[str]] = {}
    action, dedup, summary = body.get("event_type"), body.get("incident_key"), body.get("description")
    if action not in ACTIONS:
        errors["event_type"] = ["must be one of trigger, acknowledge, resolve"]
    if dedup is not None and (not isinstance(dedup, str) or len(dedup) > MAX_KEY):
        errors["incident_key"] = [f"must be text of at most {MAX_KEY} characters"]
    if not dedup and action in ("acknowledge", "resolve"):
        errors["incident_key"] = ["is required to acknowledge or resolve"]
    if action == "trigger" and (not isinstance(summary, str) or not summary.strip()):
        errors["description"] = ["is required"]
    if errors:
        raise PayloadError(errors)
    details = body.get("details")
    found = key(dedup) if dedup else uuid.uuid4().hex
    parsed = Parsed(
        action=str(action),
        dedup_key=found,
        group_key=found,
        title=one_line(loose(summary, 1024), 300) or found[:300],
        description=_description(details),
        source=one_line(loose(body.get("client"), 300), 300),
        labels=labels(details) if isinstance(details, dict) else {},
        links=link(body.get("client_url"), loose(body.get("client"), 100) or "Source"),
    )
    return [Event(parsed, body)]


def _payload_errors(details: Any) -> dict[str, list[str]]:
    if not isinstance(details, dict):
        return {"payload": ["is required to trigger and must be an object"]}
    errors: dict[str, list[str]] = {}
    summary = details.get("summary")
    if not isinstance(summary, str) or not summary.strip():
        errors["payload.summary"] = ["is required"]
    elif len(summary) > MAX_SUMMARY:
        errors["payload.summary"] = [f"must be at most {MAX_SUMMARY} characters"]
    if not isinstance(details.get("source"), str) or not details["source"].strip():
        errors["payload.source"] = ["is required"]
    if details.get("severity") not in SEVERITIES:
        errors["payload.severity"] = [f"must be one of {', '.join(SEVERITIES)}"]
    return errors


def _links(body: dict[str, Any]) -> list[dict[str, str]]:
    found = body.get("links")
    return links(found) if isinstance(found, list) else []


def _description(custom: Any) -> str:
    if isinstance(custom, dict):
        lines = [f"{name}: {loose(value, 2000)}" for name, value in list(custom.items())[:40]]
        return loose("\n".join(lines), MAX_DESCRIPTION)
    return loose(custom, MAX_DESCRIPTION)


def setup(key: str, base_url: str) -> list[SetupText]:
    text = f"URL:          {base_url}/compat/pagerduty/v2/enqueue\nRouting key:  {key}"
    changes = f"URL:          {base_url}/compat/pagerduty/v2/change/enqueue\nRouting key:  {key}"
    old = (
        f"URL:          {base_url}/compat/pagerduty/generic/2010-04-15/create_event.json\nService key:  {key}"
    )
    return [
        SetupText(_("Any client of PagerDuty Events v2"), text),
        SetupText(_("Change events"), changes),
        SetupText(_("Clients of the older Events v1"), old),
        curl(key, base_url),
    ]


SOURCE = Source(
    kind="pagerduty",
    group="tools",
    icon="webhook",
    words=gettext_lazy(
        "For senders that speak PagerDuty Events: change the address and the key, nothing else."
    ),
    parse=parse,
    setup=setup,
)

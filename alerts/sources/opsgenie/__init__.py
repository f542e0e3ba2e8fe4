"""Opsgenie Alert API, body of `POST /v2/alerts` and of its verbs (limits from its public documentation)."""

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
    loose,
    require_object,
)
from alerts.sources.generic import curl
from core.text import one_line

MAX_MESSAGE = 130
MAX_ALIAS = 512
PRIORITIES = ("P1", "P2", "P3", "P4", "P5")


def parse(payload: Any, _headers: Headers | None = None) -> list[Event]:
    """A created alert. A repeated alias on an open alert only counts."""
    body = require_object(payload)
    errors: dict[str, list[str]] = {}
    message = body.get("message")
    if not isinstance(message, str) or not message.strip():
        errors["message"] = ["Message can not be empty."]
    alias = body.get("alias")
    if alias is not None and (not isinstance(alias, str) or len(alias) > MAX_ALIAS):
        errors["alias"] = [f"Alias can not be longer than {MAX_ALIAS} characters."]
    priority = body.get("priority", "P3")
    if priority not in PRIORITIES:
        errors["priority"] = ["Priority should be one of [ P1, P2, P3, P4, P5 ]."]
    if errors:
        raise PayloadError(errors)
    dedup = key(alias) or str(uuid.uuid4())
    details = body.get("details")
    tags = body.get("tags")
    found = labels(details) if isinstance(details, dict) else {}
    if isinstance(tags, list) and tags:
        found["tags"] = ", ".join(one_line(str(tag), 50) for tag in tags[:20])
    if body.get("entity"):
        found["entity"] = loose(body["entity"], 512)
    parsed = Parsed(
        action="trigger",
        dedup_key=dedup,
        group_key=dedup,
        title=one_line(str(message), 300),
        description=loose(body.get("description"), MAX_DESCRIPTION),
        severity=str(priority),
        source=one_line(loose(body.get("source"), 300), 300),
        labels=found,
    )
    return [Event(parsed, body)]


def verb(action: str, alias: str, body: Any) -> Event:
    """A close or acknowledge of the alert with this alias; keys are treated as `parse` treats them."""
    source = require_object(body).get("source")
    dedup = key(alias, MAX_ALIAS)
    parsed = Parsed(action=action, dedup_key=dedup, group_key=dedup, source=one_line(loose(source, 300), 300))
    return Event(parsed, body)


def setup(key: str, base_url: str) -> list[SetupText]:
    text = f"API URL:  {base_url}/compat/opsgenie/\nAPI key:  {key}"
    beat = (
        f"curl '{base_url}/compat/opsgenie/v2/heartbeats/NAME/ping' \\\n  -H 'Authorization: GenieKey {key}'"
    )
    return [
        SetupText(_("Any client of the Opsgenie alert API"), text),
        SetupText(_("Heartbeats"), beat, _("NAME is the name of a heartbeat made here.")),
        curl(key, base_url),
    ]


SOURCE = Source(
    kind="opsgenie",
    group="tools",
    icon="webhook",
    words=gettext_lazy(
        "For senders that speak the Opsgenie alert API: change the address and the key, nothing else."
    ),
    parse=parse,
    setup=setup,
)

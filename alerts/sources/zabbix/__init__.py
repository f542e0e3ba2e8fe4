"""Zabbix, as the media type offered on the set-up page sends it: the values of its macros by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.sources.base import (
    MAX_DESCRIPTION,
    Download,
    Event,
    Headers,
    Ignored,
    Parsed,
    SetupText,
    Source,
    fail,
    intake_url,
    key,
    link,
    loose,
    require_object,
)
from alerts.sources.generic import curl
from core.text import one_line

# By EVENT.NSEVERITY: not classified, information, warning, average, high, disaster.
_SEVERITIES = ("", "info", "warning", "warning", "error", "critical")
_NAMES = ("not classified", "information", "warning", "average", "high", "disaster")


def parse(payload: Any, _headers: Headers | None = None) -> list[Event]:
    """One event; a recovery keeps the problem's event id, an update may acknowledge."""
    body = require_object(payload)

    def read(name: str, limit: int = 1000) -> str:
        text = loose(body.get(name), limit).strip()
        # Zabbix leaves a macro as it is, or writes this, when there is no value.
        return "" if text.startswith(("{EVENT.", "{TRIGGER.", "{HOST.", "*UNKNOWN*")) else text

    event_id = read("event_id", 200)
    if not event_id:
        raise fail("event_id", "Is required: use the media type of the set-up page.")
    value = read("event_value", 10)
    if value not in ("0", "1"):
        raise fail("event_value", "Must be 1 for a problem or 0 for a recovery.")
    action = "trigger" if value == "1" else "resolve"
    if value == "1" and read("update_status", 10) == "1":
        if read("acknowledged", 10).lower() != "yes":
            raise Ignored("An update of a problem nobody has acknowledged: nothing to open")
        action = "acknowledge"
    level = int(read("severity", 1)) if read("severity", 1) in "012345" and read("severity", 1) else 0
    details = [read("opdata", 4000), read("trigger_description", 8000), read("update_message", 2000)]
    host = one_line(read("host"), 300)
    parsed = Parsed(
        action=action,
        dedup_key=key(event_id),
        group_key=key(event_id),
        title=one_line(read("name"), 300) or f"Zabbix event {one_line(event_id, 60)}",
        description=loose("\n\n".join(text for text in details if text), MAX_DESCRIPTION),
        severity=_SEVERITIES[level],
        source=host or "Zabbix",
        labels=_labels(read("tags", 20_000), host, read("host_ip"), read("trigger_id"), _NAMES[level]),
        links=link(read("url", 2001), "Zabbix"),
    )
    return [Event(parsed, body)]


def _labels(tags: str, host: str, address: str, trigger: str, severity: str) -> dict[str, str]:
    try:
        pairs = orjson.loads(tags) if tags else []
    except orjson.JSONDecodeError:
        pairs = []
    found = {
        one_line(loose(pair.get("tag"), 200), 200): one_line(loose(pair.get("value"), 1000), 1000)
        for pair in (pairs[:50] if isinstance(pairs, list) else ())
        if isinstance(pair, dict) and pair.get("tag")
    }
    own = {"host": host, "address": address, "trigger": trigger, "severity": severity}
    return found | {name: value for name, value in own.items() if value}


def media_type(key: str, base_url: str) -> str:
    """A media type to import, with the real address in it."""
    text = (Path(__file__).parent / "media_type.yaml").read_text(encoding="utf-8")
    return text.replace("@URL@", intake_url("zabbix", key, base_url))


def setup(key: str, base_url: str) -> list[SetupText]:
    steps = _(
        "1. Alerts → Media types → Import: the file offered below.\n"
        "2. Users → a user for alerts → Media: Watchbill, send to “watchbill”.\n"
        "3. Alerts → Actions → Trigger actions: send to that user through Watchbill; for operations, "
        "recovery operations and update operations."
    )
    return [
        SetupText(_("Zabbix: what to do"), steps),
        SetupText(_("Zabbix: address of the media type"), intake_url("zabbix", key, base_url)),
        curl(key, base_url),
    ]


SOURCE = Source(
    kind="zabbix",
    group="monitoring",
    icon="server",
    words=gettext_lazy("Problems and recoveries of Zabbix, through a media type to import."),
    parse=parse,
    setup=setup,
    downloads=(
        Download("watchbill-zabbix.yaml", gettext_lazy("Media type for Zabbix 6 and later"), media_type),
    ),
)

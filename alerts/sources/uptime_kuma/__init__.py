"""Uptime Kuma's webhook: JSON, a form with the JSON in `data`, or GET with JSON in the query."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.sources.base import (
    MAX_DESCRIPTION,
    Event,
    Headers,
    Ignored,
    Parsed,
    SetupText,
    Source,
    fail,
    fingerprint,
    intake_url,
    key,
    link,
    loose,
    loose_instant,
    require_object,
)
from alerts.sources.generic import curl
from core.text import one_line

_ACTIONS = {0: "trigger", 1: "resolve"}
_OTHER = {2: "is being tried again", 3: "is under maintenance"}


def parse(payload: Any, _headers: Headers | None = None) -> list[Event]:
    """One event; notices without a monitor are tests, or about a certificate."""
    body = require_object(payload)
    beat, monitor = body.get("heartbeat"), body.get("monitor")
    if beat is None and ("msg" in body or monitor is None):
        return _notice(body)
    beat = require_object(beat, "heartbeat")
    monitor = require_object(monitor if monitor is not None else {}, "monitor")
    status = beat.get("status")
    if isinstance(status, bool) or status not in (0, 1, 2, 3):
        raise fail("heartbeat.status", "Must be 0, 1, 2 or 3.")
    number = monitor.get("id", beat.get("monitorID"))
    if isinstance(number, bool) or not isinstance(number, int | str) or number == "":
        raise fail("monitor.id", "Must be a number.")
    name = one_line(loose(monitor.get("name"), 200), 200) or f"Monitor {one_line(str(number), 60)}"
    if status in _OTHER:
        raise Ignored(f"{name} {_OTHER[status]}: nothing to open")
    url = monitor.get("url")
    where = loose(monitor.get("hostname"), 300) or (url if isinstance(url, str) and "://" in url else "")
    parsed = Parsed(
        action=_ACTIONS[status],
        dedup_key=key(f"monitor:{number}"),
        group_key=key(f"monitor:{number}"),
        title=one_line(f"{name} is {'down' if status == 0 else 'up'}", 300),
        description=loose(beat.get("msg") or body.get("msg"), MAX_DESCRIPTION),
        severity="critical",
        source=one_line(where or name, 300),
        labels={"monitor": name, **_tags(monitor)},
        links=link(url, name) if isinstance(url, str) and url not in ("https://", "http://") else [],
        occurred_at=loose_instant(beat.get("time")),
    )
    return [Event(parsed, body)]


def _notice(body: dict[str, Any]) -> list[Event]:
    text = one_line(loose(body.get("msg"), 1000), 1000)
    if not text:
        raise fail("heartbeat", "Is required.")
    if "certificate" not in text.lower() or "expire" not in text.lower():
        raise Ignored("A test or notice without a monitor: nothing to open")
    # The days left change from notice to notice.
    same = fingerprint("certificate", text.partition(" will ")[0])
    parsed = Parsed(
        action="trigger",
        dedup_key=same,
        group_key=same,
        title=text[:300],
        severity="warning",
        source="Uptime Kuma",
    )
    return [Event(parsed, body)]


def _tags(monitor: dict[str, Any]) -> dict[str, str]:
    found = {"type": one_line(loose(monitor.get("type"), 60), 60)} if monitor.get("type") else {}
    tags = monitor.get("tags")
    for tag in tags[:40] if isinstance(tags, list) else ():
        if isinstance(tag, dict) and (name := one_line(loose(tag.get("name"), 200), 200)):
            found[name] = one_line(loose(tag.get("value"), 1000), 1000)
    return found


_TEXT = """Settings → Notifications → Set up notification
Type:          Webhook
Post URL:      {url}
Request body:  Preset – application/json"""


def setup(key: str, base_url: str) -> list[SetupText]:
    text = _TEXT.format(url=intake_url("uptime_kuma", key, base_url))
    note = _("The test button there shows up here as a notice that opens nothing.")
    return [SetupText(_("Uptime Kuma: notification"), text, note), curl(key, base_url)]


SOURCE = Source(
    kind="uptime_kuma",
    group="uptime",
    icon="heart-pulse",
    words=gettext_lazy("Monitors of Uptime Kuma, going down and coming up again."),
    parse=parse,
    bodies=frozenset({"json", "form", "query"}),
    setup=setup,
)

"""Generic JSON: `{title, status, dedup_key?, severity?, description?, source?, labels?, links?, occurred_at?}`.

A list of these is accepted too.
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
    PayloadError,
    SetupText,
    Source,
    fail,
    fingerprint,
    instant,
    intake_url,
    key,
    labels,
    links,
    require_object,
    text,
)
from core.text import one_line

_STATUS = {"firing": "trigger", "resolved": "resolve"}


def parse(payload: Any, _headers: Headers | None = None) -> list[Event]:
    """Events of one object or a list of up to 1,000; `PayloadError` names every wrong item."""
    if not isinstance(payload, list):
        return [_event(require_object(payload))]
    if not payload:
        raise fail("", "The list is empty.")
    if len(payload) > MAX_ITEMS:
        raise fail("", f"At most {MAX_ITEMS} alerts at once.")
    events: list[Event] = []
    errors: dict[str, list[str]] = {}
    for index, item in enumerate(payload):
        try:
            events.append(_event(require_object(item)))
        except PayloadError as error:
            errors |= {f"{index}.{name}".strip("."): why for name, why in error.errors.items()}
    if errors:
        raise PayloadError(errors)
    return events


def _event(item: dict[str, Any]) -> Event:
    title = item.get("title")
    if not isinstance(title, str) or not title.strip():
        raise fail("title", "Is required and must be text.")
    status = item.get("status", "firing")
    if not isinstance(status, str) or status not in _STATUS:
        raise fail("status", "Must be firing or resolved.")
    found = labels(item.get("labels"))
    source = one_line(text(item.get("source"), 300, "source"), 300)
    dedup = key(text(item.get("dedup_key"), 4000, "dedup_key")) or fingerprint(title, source, found)
    parsed = Parsed(
        action=_STATUS[status],
        dedup_key=dedup,
        group_key=dedup,
        title=one_line(title, 300),
        description=text(item.get("description"), MAX_DESCRIPTION, "description"),
        severity=one_line(text(item.get("severity"), 40, "severity"), 40),
        source=source,
        labels=found,
        links=links(item.get("links")),
        occurred_at=instant(item.get("occurred_at"), "occurred_at"),
    )
    return Event(parsed, item)


_CURL = """curl -X POST '{url}' \\
  -H 'Content-Type: application/json' \\
  -d '{{"title": "Checkout answers slowly", "status": "firing", "severity": "critical"}}'"""


def curl(key: str, base_url: str) -> SetupText:
    """A command that opens an alert over any integration's key."""
    return SetupText(_("Try it with curl"), _CURL.format(url=intake_url("generic", key, base_url)))


_RESOLVE = """curl -X POST '{url}' \\
  -H 'Content-Type: application/json' \\
  -d '{{"title": "Checkout answers slowly", "status": "resolved"}}'"""


def setup(key: str, base_url: str) -> list[SetupText]:
    resolve = _RESOLVE.format(url=intake_url("generic", key, base_url))
    return [curl(key, base_url), SetupText(_("And resolve it again"), resolve)]


SOURCE = Source(
    kind="generic",
    group="own",
    icon="code",
    words=gettext_lazy(
        "JSON in Watchbill's own shape, from a script or anything that can be told what to send."
    ),
    parse=parse,
    setup=setup,
)

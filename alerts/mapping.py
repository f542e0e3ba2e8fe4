"""Reading any JSON with a mapping: templates over the body that say what an alert is made of.

A mapping is `{items, title, description, dedup_key, group_key, severity, source, status, resolved_values,
acknowledged_values, ignored_values, labels: {name: template}, links: [{href, text}], occurred_at}`. All but `title`
may be missing. `items` is a dotted path to a list with one alert each; "" is the body itself, which may be a list.
Templates see `item` (the list's item, or the body) and `payload` (the whole body). Pure code.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from alerts import templating
from alerts.sources.base import (
    MAX_DESCRIPTION,
    MAX_ITEMS,
    MAX_LABELS,
    MAX_LINKS,
    Event,
    Ignored,
    Parsed,
    PayloadError,
    fail,
    fingerprint,
    instant,
    key,
    link,
)
from alerts.templating import TemplateFailed
from core.text import clean, one_line

TEMPLATES = (
    "title",
    "description",
    "status",
    "severity",
    "dedup_key",
    "group_key",
    "source",
    "occurred_at",
)
LISTS = ("resolved_values", "acknowledged_values", "ignored_values")
FIELDS = ("items", *TEMPLATES, *LISTS, "labels", "links")
RESOLVED = ("resolved", "ok", "closed", "recovered", "up")
MAX_PATH = 300
MAX_VALUES = 50
# Reading one body may take so long altogether.
SECONDS = 2.0
_ACTIONS = {"resolved_values": "resolve", "acknowledged_values": "acknowledge", "ignored_values": ""}


@dataclass(frozen=True)
class Tried:
    """What a mapping makes of a body: events, or the reasons by field."""

    events: list[Event] = field(default_factory=list)
    errors: dict[str, list[str]] = field(default_factory=dict)
    ignored: str = ""


def check(mapping: Any) -> dict[str, Any]:
    """The mapping as it is stored; `PayloadError` names every field that cannot be used."""
    if not isinstance(mapping, dict):
        raise fail("", "Must be a JSON object.")
    errors = {name: ["There is no such field."] for name in list(mapping)[:50] if name not in FIELDS}
    found: dict[str, Any] = {}
    path = mapping.get("items")
    if path and (not isinstance(path, str) or len(path) > MAX_PATH):
        errors["items"] = [f"Must be a dotted path of at most {MAX_PATH} characters."]
    elif path and path.strip():
        found["items"] = path.strip()
    for name in TEMPLATES:
        _keep(found, errors, name, mapping.get(name))
    for name in LISTS:
        _keep_list(found, errors, name, mapping.get(name))
    _keep_labels(found, errors, mapping.get("labels"))
    _keep_links(found, errors, mapping.get("links"))
    if "title" not in found and "title" not in errors:
        errors["title"] = ["Is required: a template such as {{ item.title }}."]
    if errors:
        raise PayloadError(errors)
    return found


def _keep(found: dict[str, Any], errors: dict[str, list[str]], name: str, source: Any) -> None:
    if source in (None, ""):
        return
    if fault := _fault(source):
        errors[name] = [fault]
    elif source.strip():
        found[name] = clean(source)


def _fault(source: Any) -> str:
    if not isinstance(source, str):
        return "Must be text."
    try:
        templating.check(source)
    except TemplateFailed as error:
        return str(error)
    return ""


def _keep_list(found: dict[str, Any], errors: dict[str, list[str]], name: str, values: Any) -> None:
    if values in (None, []):
        return
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        errors[name] = ["Must be a list of texts."]
    elif len(values) > MAX_VALUES:
        errors[name] = [f"At most {MAX_VALUES} values."]
    else:
        found[name] = [one_line(value, 200) for value in values if value.strip()]


def _keep_labels(found: dict[str, Any], errors: dict[str, list[str]], labels: Any) -> None:
    if labels in (None, {}):
        return
    if not isinstance(labels, dict) or len(labels) > MAX_LABELS:
        errors["labels"] = [f"Must be an object of at most {MAX_LABELS} templates."]
        return
    found["labels"] = {}
    for name, source in labels.items():
        _keep(found["labels"], errors, one_line(str(name), 200), source)
        if name in errors:
            errors[f"labels.{name}"] = errors.pop(name)


def _keep_links(found: dict[str, Any], errors: dict[str, list[str]], links: Any) -> None:
    if links in (None, []):
        return
    if not isinstance(links, list) or len(links) > MAX_LINKS:
        errors["links"] = [f"Must be a list of at most {MAX_LINKS} links."]
        return
    found["links"] = []
    for place, item in enumerate(links):
        pair = {name: item.get(name) or "" for name in ("href", "text")} if isinstance(item, dict) else {}
        fault = next((why for value in pair.values() if (why := _fault(value))), "")
        if not pair.get("href") or fault:
            errors[f"links.{place}"] = [fault or "Must be an object with href and text."]
        else:
            found["links"].append(pair)


def read(mapping: Mapping[str, Any], payload: Any) -> list[Event]:
    """The alerts in a body. `PayloadError` says per field what is wrong, `Ignored` that there is nothing to do."""
    if not mapping.get("title"):
        raise fail("", "There is no mapping yet.")
    until = time.monotonic() + SECONDS
    items = _items(mapping, payload)
    events, ignored = [], ""
    errors: dict[str, list[str]] = {}
    for place, item in enumerate(items):
        if time.monotonic() > until:
            raise fail("", f"Reading it takes longer than {SECONDS:g} seconds.")
        try:
            events.append(_event(mapping, item, payload))
        except Ignored as error:
            ignored = str(error)
        except PayloadError as error:
            before = f"{place}." if len(items) > 1 else ""
            errors |= {f"{before}{name}": why for name, why in error.errors.items()}
    if errors:
        raise PayloadError(errors)
    if not events:
        raise Ignored(ignored)
    return events


def try_out(mapping: Mapping[str, Any], payload: Any) -> Tried:
    """`read` for somebody who looks."""
    try:
        return Tried(read(check(dict(mapping)), payload))
    except PayloadError as error:
        return Tried(errors=error.errors)
    except Ignored as error:
        return Tried(ignored=str(error))


def first_item(mapping: Mapping[str, Any], payload: Any) -> Any:
    """What templates see as `item` for the first alert of a body."""
    found = _at(payload, str(mapping.get("items") or ""))
    if isinstance(found, list):
        return found[0] if found else payload
    return payload if found is None else found


def _items(mapping: Mapping[str, Any], payload: Any) -> list[Any]:
    path = mapping.get("items", "")
    found = _at(payload, path)
    if path and not isinstance(found, list | dict):
        raise fail("items", f"There is no list at “{path}”.")
    if not isinstance(found, list):
        return [found]
    if not found:
        raise fail("items", "The list is empty.")
    if len(found) > MAX_ITEMS:
        raise fail("items", f"At most {MAX_ITEMS} alerts at once.")
    return found


def _at(value: Any, path: str) -> Any:
    for name in path.split(".") if path else ():
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isdecimal() and len(name) < 7 and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


def _event(mapping: Mapping[str, Any], item: Any, payload: Any) -> Event:
    values = {"item": item, "payload": payload}
    errors: dict[str, list[str]] = {}

    def text(source: Any, name: str) -> str:
        try:
            return templating.render(source, values) if source else ""
        except TemplateFailed as error:
            errors[name] = [str(error)]
            return ""

    status = text(mapping.get("status"), "status")
    action = _action(mapping, status)
    if not action:
        raise Ignored(f"Its status is “{one_line(status, 60)}”: nothing to open or resolve")
    found = {name: text(mapping.get(name), name) for name in TEMPLATES if name != "status"}
    labels = {
        name: value
        for name, source in mapping.get("labels", {}).items()
        if (value := clean(text(source, f"labels.{name}").strip(), 1000))
    }
    links = [
        each
        for place, pair in enumerate(mapping.get("links", ()))
        for each in link(text(pair["href"], f"links.{place}"), text(pair["text"], f"links.{place}"))
    ]
    title, source = one_line(found["title"], 300), one_line(found["source"], 300)
    if not title and "title" not in errors and not (found["dedup_key"].strip() and action != "trigger"):
        errors["title"] = ["It comes out empty for this payload."]
    happened = None
    try:
        happened = _time(found["occurred_at"].strip())
    except PayloadError as error:
        errors |= error.errors
    if errors:
        raise PayloadError(errors)
    dedup = key(found["dedup_key"].strip()) or fingerprint(title, source, labels)
    parsed = Parsed(
        action=action,
        dedup_key=dedup,
        group_key=key(found["group_key"].strip()) or dedup,
        title=title,
        description=clean(found["description"].strip(), MAX_DESCRIPTION),
        severity=one_line(found["severity"], 40),
        source=source,
        labels=labels,
        links=links[:MAX_LINKS],
        occurred_at=happened,
    )
    return Event(parsed, item)


def _action(mapping: Mapping[str, Any], status: str) -> str:
    """trigger, resolve or acknowledge; "" for what is to be ignored."""
    said = status.strip().casefold()
    if said:
        for name, action in _ACTIONS.items():
            default = RESOLVED if name == "resolved_values" else ()
            if said in {value.strip().casefold() for value in mapping.get(name) or default}:
                return action
    return "trigger"


def _time(value: str) -> str | None:
    """ISO 8601, or seconds or milliseconds since 1970."""
    plain = value.removesuffix(".0")
    if plain.isascii() and plain.isdigit() and len(plain) <= 13:
        seconds = int(plain) / (1000 if len(plain) > 11 else 1)
        return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat() if seconds else None
    return instant(value, "occurred_at")

"""What a source is, the common form every source is parsed into, and small helpers parsers share. Pure code."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import orjson

from core.text import clean, one_line

MAX_ITEMS = 1000
MAX_LABELS = 64
MAX_LINKS = 20
MAX_DESCRIPTION = 15_000
# Beyond it a time zone could carry an instant out of what the database and Python can hold.
LAST_YEAR = 9000
_OFFSET_AND_Z = re.compile(r"([+-]\d\d:\d\d)Z$")
_HIGH = frozenset({"critical", "error", "p1", "p2", ""})


class PayloadError(ValueError):
    """The payload cannot be understood. `errors` maps each field path to its reasons."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        self.errors = dict(errors)
        field, reasons = next(iter(self.errors.items()))
        super().__init__(f"{field}: {reasons[0]}" if field else reasons[0])


class Ignored(Exception):
    """The payload is understood and needs nothing; the text says why."""


class Parsed(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One event in the common form. Times are ISO 8601 with offset; `links` are {href, text}.

    `drill_for` names the person a rehearsal pages, `signed` is whether the sender has proven who it is; only the
    product itself sets them. `change`: of what kind a change is (`services.choices.ChangeKind`), whose summary is the
    title and whose delivery the `dedup_key` names.
    """

    action: str
    dedup_key: str
    group_key: str
    title: str = ""
    description: str = ""
    severity: str = ""
    source: str = ""
    labels: dict[str, str] = {}
    links: list[dict[str, str]] = []
    occurred_at: str | None = None
    drill_for: int | None = None
    signed: bool = False
    change: str = ""

    @property
    def urgency(self) -> str:
        """high for critical, error, P1, P2 or no severity; else low."""
        return "high" if self.severity.lower() in _HIGH else "low"


@dataclass(frozen=True)
class Event:
    """A parsed event beside the sender's own JSON."""

    parsed: Parsed
    raw: Any


Headers = Mapping[str, str]
Parser = Callable[..., list[Event]]


@dataclass(frozen=True)
class SetupText:
    """A block to copy: what it is, the text, and what to do with it."""

    label: str
    text: str
    note: str = ""

    @property
    def id(self) -> str:
        """Id of the element that holds the text."""
        return "setup-" + hashlib.sha256(self.label.encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Download:
    """A file the set-up page offers; `text` makes it from key and base address."""

    name: str
    label: Any
    text: Callable[[str, str], str]


@dataclass(frozen=True)
class Source:
    """One kind of sender. Its label is that of `alerts.choices.SourceKind`.

    `group`, `icon`, `words`: for the picker. `parse`: (payload, headers with lower-case names) → events; raises
    `PayloadError` or `Ignored`; None when nothing is posted to the intake for it. `bodies`: how a request is read,
    of json, form and query. `quick`: reading takes no server and little time. `mapped`: stored as it came and read
    by the worker with a mapping. `signature`: the headers a signature is checked with; when the first of them is
    there, the body is kept until the worker has checked it with `verify(body, headers, secret)`, which says what is
    wrong or ""; of the headers named in `hidden` only the SHA-256 is kept. `changes`: it tells of changes and makes no
    alerts. `setup`: (key, base address) → texts to copy. `settings`: checks what this kind alone has in an
    integration's settings; `PayloadError` names what cannot be used.
    """

    kind: str
    group: str
    icon: str
    words: Any
    setup: Callable[[str, str], list[SetupText]]
    parse: Parser | None = None
    bodies: frozenset[str] = frozenset({"json"})
    quick: bool = True
    mapped: bool = False
    signature: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()
    changes: bool = False
    verify: Callable[[bytes, Headers, str], str] | None = None
    secret_help: Any = ""
    mapping: Mapping[str, Any] = field(default_factory=dict)
    downloads: tuple[Download, ...] = ()
    settings: Callable[[Any], dict[str, Any]] | None = None


def intake_url(kind: str, key: str, base_url: str) -> str:
    """Where a source of this kind posts."""
    return f"{base_url}/api/v1/intake/{kind}/{key}/"


def fail(field: str, reason: str) -> PayloadError:
    """A `PayloadError` about one field."""
    return PayloadError({field: [reason]})


def require_object(value: Any, field: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        raise fail(field, "Must be a JSON object.")
    return value


def text(value: Any, limit: int, field: str) -> str:
    """Optional text: None is empty, numbers are written out, other types are refused."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise fail(field, "Must be text.")
    return clean(str(value), limit)


def loose(value: Any, limit: int) -> str:
    """Text from a field whose type the sender does not promise; JSON for objects and lists."""
    if value is None:
        return ""
    if isinstance(value, str):
        return clean(value, limit)
    return clean(orjson.dumps(value, default=str).decode(), limit)


def labels(value: Any, field: str = "labels") -> dict[str, str]:
    """A flat label set; values of other types are written out, more than 64 are cut."""
    if value is None:
        return {}
    source = require_object(value, field)
    return {one_line(str(key), 200): loose(item, 1000) for key, item in list(source.items())[:MAX_LABELS]}


def link(href: Any, label: str) -> list[dict[str, str]]:
    """A list with the link, or an empty one when it is no http(s) address."""
    if not isinstance(href, str):
        return []
    href = href.strip()
    if not href.lower().startswith(("http://", "https://")) or len(href) > 2000:
        return []
    return [{"href": clean(href), "text": one_line(label, 120) or href[:120]}]


def links(value: Any, field: str = "links") -> list[dict[str, str]]:
    """Links given as addresses or as objects with href or url, and text or title."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise fail(field, "Must be a list.")
    found: list[dict[str, str]] = []
    for item in value[:MAX_LINKS]:
        if isinstance(item, str):
            found += link(item, "")
        elif isinstance(item, dict):
            found += link(
                item.get("href") or item.get("url"), str(item.get("text") or item.get("title") or "")
            )
    return found


def instant(value: Any, field: str) -> str | None:
    """An ISO 8601 instant as text with offset (UTC when none is given); None when absent or zero."""
    if value in (None, ""):
        return None
    if not isinstance(value, str):
        raise fail(field, "Must be an ISO 8601 time.")
    try:
        # PagerDuty's own Python client writes both the offset and Z.
        parsed = dt.datetime.fromisoformat(_seven_digits(_OFFSET_AND_Z.sub(r"\1", value)))
    except ValueError:
        raise fail(field, "Must be an ISO 8601 time.") from None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=dt.UTC)
    if parsed.year > LAST_YEAR:
        raise fail(field, f"Must be before the year {LAST_YEAR + 1}.")
    return parsed.isoformat() if parsed.year > 1970 else None


def loose_instant(value: Any) -> str | None:
    """`instant` for fields whose faults must not refuse an alert."""
    try:
        return instant(value, "")
    except PayloadError:
        return None


def _seven_digits(value: str) -> str:
    """Python reads at most six digits of a second; senders write up to nine."""
    head, dot, tail = value.strip().partition(".")
    if not dot:
        return head
    digits = len(tail) - len(tail.lstrip("0123456789"))
    return f"{head}.{tail[: min(digits, 6)]}{tail[digits:]}"


def fingerprint(*parts: Any) -> str:
    """A stable key from the parts: SHA-256 of their canonical JSON."""
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()


def key(value: Any, limit: int = 512) -> str:
    """A dedup or grouping key of at most `limit` characters; longer ones become their hash."""
    found = clean(str(value)).strip() if value is not None else ""
    return found if len(found) <= limit else fingerprint(found)

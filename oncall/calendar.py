"""Shifts as iCalendar text (RFC 5545), written by hand: a handful of properties is all it takes."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from core.clock import UTC
from core.text import clean

CONTENT_TYPE = "text/calendar; charset=utf-8"
_FOLD = 75


@dataclass(frozen=True)
class Entry:
    """One event. `uid` must stay the same while the shift does; `revision` rises when it may be another
    (SEQUENCE of RFC 5545, 3.8.7.4), last at `changed_at`."""

    uid: str
    start: dt.datetime
    end: dt.datetime
    summary: str
    url: str
    revision: int
    changed_at: dt.datetime


def render(name: str, entries: Iterable[Entry], now: dt.datetime) -> tuple[str, str]:
    """(the calendar with CRLF lines folded at 75 octets, a strong ETag that ignores the time of writing)."""
    events = [line for entry in entries for line in _event(entry)]
    mark = hashlib.sha256("\n".join([name, *events]).encode()).hexdigest()[:32]
    stamp = f"DTSTAMP:{_utc(now)}"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Watchbill//On-call//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ]
    for line in events:
        lines.append(line)
        if line.startswith("UID:"):
            lines.append(stamp)
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines), f'"{mark}"'


def _event(entry: Entry) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{entry.uid}",
        f"SEQUENCE:{entry.revision}",
        f"LAST-MODIFIED:{_utc(entry.changed_at)}",
        f"DTSTART:{_utc(entry.start)}",
        f"DTEND:{_utc(entry.end)}",
        f"SUMMARY:{_text(entry.summary)}",
        f"URL:{entry.url}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _utc(at: dt.datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    """A TEXT value: backslash, semicolon, comma and line breaks escaped (RFC 5545, 3.3.11)."""
    escaped = clean(value).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return "\\n".join(escaped.splitlines())


def _folded(line: str) -> str:
    """Content lines of at most 75 octets, never cut inside a character (RFC 5545, 3.1)."""
    parts: list[str] = []
    part, size, room = "", 0, _FOLD
    for character in line:
        width = len(character.encode())
        if size + width > room:
            parts.append(part)
            part, size, room = "", 0, _FOLD - 1
        part, size = part + character, size + width
    return "\r\n ".join([*parts, part])

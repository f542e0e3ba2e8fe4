"""iCalendar text (RFC 5545) as events with the few properties that matter here. Nothing is expanded yet."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_BYTES = 2 * 1024 * 1024
MAX_COMPONENTS = 20_000
MAX_DATES = 2_000
_WHEN = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")
_WANTED = frozenset((*_WHEN, "UID", "STATUS", "SUMMARY", "ATTENDEE", "ORGANIZER"))
_BREAK = re.compile(r"\r\n|\n|\r")
_FOLD = re.compile(r"(?:\r\n|\n|\r)[ \t]")
_PARAMETER = re.compile(r';([A-Za-z0-9-]+)=("[^"]*"|[^";:,]*)')
_LINE = re.compile(r'([A-Za-z0-9-]+)((?:;[^":]*(?:"[^"]*"[^":]*)*)?):(.*)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_TOO_OFTEN = re.compile(r"FREQ\s*=\s*(SECONDLY|MINUTELY)", re.IGNORECASE)


class Unreadable(Exception):
    """This is no calendar one can use; the message is a sentence for its owner."""


@dataclass
class Property:
    """`NAME;TZID=…:value`, the value still escaped."""

    value: str
    parameters: dict[str, str]


@dataclass
class RawEvent:
    """A VEVENT: its own text, and the wanted properties by name."""

    lines: list[str] = field(default_factory=list)
    properties: dict[str, list[Property]] = field(default_factory=dict)

    def one(self, name: str) -> Property | None:
        found = self.properties.get(name)
        return found[0] if found else None

    def text(self, name: str) -> str:
        found = self.one(name)
        return unescaped(found.value).strip() if found else ""


@dataclass
class RawCalendar:
    """Events in the order of the file; `zones` are the VTIMEZONE blocks, with `locations` by TZID."""

    name: str = ""
    events: list[RawEvent] = field(default_factory=list)
    zones: list[str] = field(default_factory=list)
    locations: dict[str, str] = field(default_factory=dict)


def parse(content: bytes) -> RawCalendar:
    """The calendar of these bytes; Unreadable for anything that is none, is cut off, or is a bomb."""
    if len(content) > MAX_BYTES:
        raise Unreadable(f"The calendar is larger than {MAX_BYTES // 1024 // 1024} MB.")
    text = content.decode("utf-8-sig", "replace").replace("\0", "").strip()
    head, tail = text[:16].upper(), text[-64:].upper()
    if head.startswith(("<!DOCTYPE", "<HTML")) or not head.startswith("BEGIN:VCALENDAR"):
        raise Unreadable("The answer is not a calendar.")
    if "END:VCALENDAR" not in tail:
        raise Unreadable("The calendar is cut off in the middle.")
    if text.upper().count("BEGIN:") > MAX_COMPONENTS:
        raise Unreadable(f"The calendar holds more than {MAX_COMPONENTS:,} entries.")
    return _assembled(_BREAK.split(_FOLD.sub("", text)))


def _assembled(lines: list[str]) -> RawCalendar:
    calendar = RawCalendar()
    for kind, block in _blocks(lines):
        if kind == "VEVENT":
            calendar.events.append(_event(block))
        elif kind == "VTIMEZONE":
            calendar.zones += block
            names = dict(line.split(":", 1) for line in block if ":" in line)
            calendar.locations[names.get("TZID", "")] = names.get("X-LIC-LOCATION", "")
        elif kind == "" and block[0].upper().startswith("X-WR-CALNAME"):
            calendar.name = unescaped(block[0].partition(":")[2]).strip()
    return calendar


def _blocks(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """(component below the calendar, its lines with BEGIN and END), and ("", [line]) for the calendar's own."""
    kind, depth, block = "", 0, [""]
    for line in lines:
        start = line[:6].upper()
        if start == "BEGIN:":
            depth += 1
            if depth == 2:
                kind, block = line[6:].strip().upper(), []
        if depth >= 2:
            block.append(line)
        elif line:
            yield "", [line]
        if start.startswith("END:"):
            depth -= 1
            if depth == 1:
                yield kind, block


def _event(lines: list[str]) -> RawEvent:
    event, depth = RawEvent(lines), 0
    for line in lines:
        start = line[:6].upper()
        if start == "BEGIN:":
            depth += 1
        elif start.startswith("END:"):
            depth -= 1
        elif depth == 1 and (match := _LINE.match(line)) is not None:
            name = match[1].upper()
            if name in _WANTED:
                event.properties.setdefault(name, []).append(Property(match[3], _parameters(match[2])))
    for name in ("RDATE", "EXDATE"):
        if sum(each.value.count(",") + 1 for each in event.properties.get(name, ())) > MAX_DATES:
            raise Unreadable(f"An event names more than {MAX_DATES:,} single dates.")
    if any(_TOO_OFTEN.search(each.value) for each in event.properties.get("RRULE", ())):
        raise Unreadable("An event repeats every minute or every second.")
    return event


def _parameters(text: str) -> dict[str, str]:
    if not text:
        return {}
    return {match[1].upper(): match[2].strip('"') for match in _PARAMETER.finditer(text)}


def unescaped(value: str) -> str:
    """A TEXT value as it reads (RFC 5545, 3.3.11)."""
    if "\\" not in value:
        return value
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)


_DURATION = re.compile(
    r"([+-]?)P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?",
    re.IGNORECASE,
)


def duration(value: str) -> tuple[dt.timedelta, dt.timedelta]:
    """(days, exact time) of a DURATION value; days are calendar days. Unreadable when it is none."""
    match = _DURATION.fullmatch(value.strip())
    if match is None or match[1] == "-":
        raise Unreadable("An event has a duration that cannot be read.")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    return dt.timedelta(days=days, weeks=weeks), dt.timedelta(hours=hours, minutes=minutes, seconds=seconds)

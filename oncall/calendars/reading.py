"""Bytes of a foreign calendar → its events in a window, expanded. Pure: no clock, no network, no database.

Single events and plain series are expanded here; what has moved instances, extra dates or a zone of its own
goes to `recurring_ical_events`, which knows all of RFC 5545 and takes three times as long.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr  # type: ignore[import-untyped] # has no stubs

from oncall.calendars.text import Property, RawCalendar, RawEvent, Unreadable, duration, parse
from oncall.calendars.zones import zone_named

MAX_EVENTS = 10_000
# Of an event so much text and so many attendees are looked at.
LONGEST_TEXT, MOST_PEOPLE = 300, 100
UTC = dt.UTC
_DAY = dt.timedelta(days=1)
_NOTHING = dt.timedelta()
_FIRST_YEAR, _LAST_YEAR = 1970, 2200


@dataclass(frozen=True, slots=True)
class Event:
    """One stretch [start, end), UTC. `attendees` and `organizer` are mail addresses in lower case."""

    uid: str
    start: dt.datetime
    end: dt.datetime
    summary: str = ""
    attendees: tuple[str, ...] = ()
    organizer: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """The events that touch the window, by start, and what the calendar calls itself."""

    events: list[Event]
    name: str = ""


class NeedsLibrary(Exception):
    """Too special for the short way."""


def read(content: bytes, start: dt.datetime, end: dt.datetime, zone: ZoneInfo) -> Reading:
    """Events of [start, end), of not cancelled and not empty ones.

    Floating times and all-day events are in `zone`, the latter from midnight to midnight. Raises Unreadable.
    """
    calendar = parse(content)
    groups: dict[str, list[RawEvent]] = defaultdict(list)
    for number, event in enumerate(calendar.events):
        if "DTSTART" not in event.properties:
            continue
        groups[event.text("UID") or f"no-uid-{number}"].append(event)
    found: list[Event] = []
    special: list[RawEvent] = []
    reader = _Reader(calendar, start, end, zone)
    for uid, group in groups.items():
        if len(group) > 1 or "RDATE" in group[0].properties:
            special += group
            continue
        try:
            found += reader.short(uid, group[0])
        except NeedsLibrary:
            special += group
        _require_room(found)
    if special:
        found += reader.long(special)
        _require_room(found)
    unique = {(each.uid, each.start, each.end, each.summary, each.attendees): each for each in found}
    return Reading(sorted(unique.values(), key=lambda each: (each.start, each.end, each.uid)), calendar.name)


def _require_room(found: list[Event]) -> None:
    if len(found) > MAX_EVENTS:
        raise Unreadable(f"The calendar comes to more than {MAX_EVENTS:,} events in the time read.")


@dataclass(frozen=True, slots=True)
class _Moment:
    """A DATE or DATE-TIME: its wall time in `zone`. `whole`: a date."""

    wall: dt.datetime
    zone: dt.tzinfo
    whole: bool = False

    def instant(self) -> dt.datetime:
        return self.wall.replace(tzinfo=self.zone).astimezone(UTC)

    def at(self, wall: dt.datetime) -> dt.datetime:
        return wall.replace(tzinfo=self.zone).astimezone(UTC)

    def seen_from(self, zone: dt.tzinfo) -> dt.datetime:
        """The wall time of the same instant there."""
        return self.wall if zone is self.zone else self.instant().astimezone(zone).replace(tzinfo=None)


class _Reader:
    def __init__(self, calendar: RawCalendar, start: dt.datetime, end: dt.datetime, zone: ZoneInfo) -> None:
        self.calendar, self.start, self.end, self.zone = calendar, start, end, zone

    def short(self, uid: str, event: RawEvent) -> Iterator[Event]:
        """The stretches of a single event or a plain series; NeedsLibrary for all others."""
        if event.text("STATUS").upper() == "CANCELLED":
            return
        first = self.moment(event.properties["DTSTART"][0])
        days, exact = self._length(event, first)
        if days + exact <= _NOTHING:
            return
        who = _who(event)
        for wall in self._walls(event, first, days + exact):
            start = first.at(wall)
            end = first.at(wall + days) + exact
            if start < self.end and end > self.start and end > start:
                yield Event(uid, start, end, *who)

    def _length(self, event: RawEvent, first: _Moment) -> tuple[dt.timedelta, dt.timedelta]:
        """(calendar days and wall time, exact time) that each instance lasts."""
        if (ends := event.one("DTEND")) is not None:
            last = self.moment(ends)
            if last.zone is first.zone:
                return last.wall - first.wall, _NOTHING
            return _NOTHING, last.instant() - first.instant()
        if (lasts := event.one("DURATION")) is not None:
            return duration(lasts.value)
        return (_DAY, _NOTHING) if first.whole else (_NOTHING, _NOTHING)

    def _walls(self, event: RawEvent, first: _Moment, length: dt.timedelta) -> Iterator[dt.datetime]:
        """Wall times the instances begin at, those that can touch the window."""
        rules = event.properties.get("RRULE", [])
        if not rules:
            yield first.wall
            return
        if len(rules) > 1 or "RECURRENCE-ID" in event.properties:
            raise NeedsLibrary
        left_out = {moment.seen_from(first.zone) for moment in self._moments(event, "EXDATE")}
        days_out = {moment.wall.date() for moment in self._moments(event, "EXDATE") if moment.whole}
        low = self.start.astimezone(UTC).replace(tzinfo=None) - length - 2 * _DAY
        high = self.end.astimezone(UTC).replace(tzinfo=None) + 2 * _DAY
        met = False
        for wall in self._rule(rules[0].value, first):
            if not met and wall != first.wall:
                raise NeedsLibrary
            met = True
            if wall > high:
                return
            if wall >= low and wall not in left_out and wall.date() not in days_out:
                yield wall

    def _rule(self, text: str, first: _Moment) -> Iterator[dt.datetime]:
        parts = []
        for part in text.strip().upper().split(";"):
            name, _equals, value = part.partition("=")
            if name == "UNTIL":
                part = f"UNTIL={self._until(value, first):%Y%m%dT%H%M%S}"
            if part:
                parts.append(part)
        try:
            return iter(rrulestr(f"RRULE:{';'.join(parts)}", dtstart=first.wall))
        except (ValueError, TypeError, KeyError) as error:
            raise Unreadable("An event has a rule of repetition that cannot be read.") from error

    def _until(self, value: str, first: _Moment) -> dt.datetime:
        moment = self.moment(Property(value, {}))
        if moment.whole:
            return moment.wall + _DAY - dt.timedelta(seconds=1)
        return moment.seen_from(first.zone) if value.endswith("Z") else moment.wall

    def _moments(self, event: RawEvent, name: str) -> Iterator[_Moment]:
        for each in event.properties.get(name, ()):
            for value in each.value.split(","):
                yield self.moment(Property(value, each.parameters))

    def moment(self, found: Property) -> _Moment:
        """The time of a property. Unreadable for nonsense, NeedsLibrary for a zone known to the file alone."""
        value = found.value.strip()
        try:
            wall = _wall(value)
        except ValueError:
            raise Unreadable(f"An event has a time that cannot be read: {value[:40]}.") from None
        if len(value) == 8:
            return _Moment(wall, self.zone, whole=True)
        if value.endswith("Z"):
            return _Moment(wall, UTC)
        name = found.parameters.get("TZID", "")
        if not name:
            return _Moment(wall, self.zone)
        zone = zone_named(name, self.calendar.locations.get(name, ""))
        if zone is None:
            raise NeedsLibrary
        return _Moment(wall, zone)

    def long(self, events: list[RawEvent]) -> list[Event]:
        """The stretches of these events by the library, in one calendar of their own."""
        import icalendar
        import recurring_ical_events  # type: ignore[import-untyped] # has no stubs

        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Watchbill//Reading//EN", *self.calendar.zones]
        for raw in events:
            lines += raw.lines
        text = "\r\n".join([*lines, "END:VCALENDAR", ""])
        try:
            calendar = icalendar.Calendar.from_ical(text)
            found = recurring_ical_events.of(calendar).between(self.start, self.end)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            raise Unreadable("An event of the calendar cannot be read.") from error
        return [event for each in found if (event := self._from_library(each)) is not None]

    def _from_library(self, found: dict[str, object]) -> Event | None:
        start, end = (self._aware(getattr(found.get(name), "dt", None)) for name in ("DTSTART", "DTEND"))
        if start is None or end is None or str(found.get("STATUS", "")).upper() == "CANCELLED":
            return None
        if end <= start or start >= self.end or end <= self.start:
            return None
        attendees = found.get("ATTENDEE", [])
        listed = attendees if isinstance(attendees, list) else [attendees]
        return Event(
            str(found.get("UID", "")),
            start,
            end,
            str(found.get("SUMMARY", "")).strip()[:LONGEST_TEXT],
            tuple(mail for each in listed[:MOST_PEOPLE] if (mail := _mail(str(each)))),
            _mail(str(found.get("ORGANIZER", ""))),
        )

    def _aware(self, value: object) -> dt.datetime | None:
        if isinstance(value, dt.datetime):
            return (value if value.tzinfo else value.replace(tzinfo=self.zone)).astimezone(UTC)
        if isinstance(value, dt.date):
            return dt.datetime.combine(value, dt.time(), self.zone).astimezone(UTC)
        return None


def _wall(value: str) -> dt.datetime:
    """`20261101`, `20261101T090000` or with a Z: the wall time; ValueError for anything else."""
    text = value.removesuffix("Z")
    if (
        len(text) not in (8, 15)
        or (len(text) == 15 and text[8] != "T")
        or not text.replace("T", "0").isdigit()
    ):
        raise ValueError(value)
    clock = (int(text[9:11]), int(text[11:13]), min(int(text[13:15]), 59)) if len(text) == 15 else (0, 0, 0)
    year = int(text[:4])
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        year = _LAST_YEAR if year > _LAST_YEAR else _FIRST_YEAR
    return dt.datetime(year, int(text[4:6]), int(text[6:8]), *clock)  # noqa: DTZ001 - a wall time


def _who(event: RawEvent) -> tuple[str, tuple[str, ...], str]:
    listed = list(event.properties.get("ATTENDEE", ()))[:MOST_PEOPLE]
    attendees = tuple(mail for each in listed if (mail := _mail(each.value)))
    organizer = event.one("ORGANIZER")
    return event.text("SUMMARY")[:LONGEST_TEXT], attendees, _mail(organizer.value) if organizer else ""


def _mail(value: str) -> str:
    head, _colon, address = value[:LONGEST_TEXT].strip().partition(":")
    return address.strip().lower() if head.lower() == "mailto" and "@" in address else ""

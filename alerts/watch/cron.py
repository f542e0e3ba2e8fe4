"""Times by a five-field cron line on the wall clock of a zone. Fields are read by Celery's crontab parser.

As in cron: when both day fields are limited, either is enough; Sunday is 0 or 7; months and days may be named. A wall
time that the clock skips does not come that day; one that it shows twice counts once, unless the line says every hour.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from celery.schedules import ParseException, crontab_parser

_FIELD = re.compile(r"[0-9*,/-]{1,60}")
_NAMED = re.compile(r"[0-9a-z*,/-]{1,60}")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# The 29th of February comes again within eight years.
_FAR = dt.timedelta(days=8 * 366)
# Further than a change of the clock moves a wall time.
_MARGIN = dt.timedelta(hours=3)


class CronError(ValueError):
    """A line or zone that cannot be used; its text is the reason."""


class Cron(NamedTuple):
    """A line, read."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    def has_day(self, day: dt.date) -> bool:
        in_month, in_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return day.month in self.months and (
            (in_month or in_week) if self.either_day else (in_month and in_week)
        )


@lru_cache(maxsize=512)
def parse(line: str) -> Cron:
    """Read `minute hour day month weekday`; `CronError` with the reason."""
    fields = line.lower().split()
    if len(fields) != 5:
        raise CronError("A schedule has five fields: minute, hour, day, month, weekday.")
    minute, hour, day, month, weekday = fields
    for number, name in enumerate(_MONTHS, 1):
        month = month.replace(name, str(number))
    return Cron(
        tuple(sorted(_values(minute, "minute", 0, 59))),
        tuple(sorted(_values(hour, "hour", 0, 23))),
        frozenset(_values(day, "day", 1, 31)),
        frozenset(_values(month, "month", 1, 12)),
        frozenset(each % 7 for each in _values(weekday, "weekday", 0, 7)),
        either_day=not day.startswith("*") and not weekday.startswith("*"),
    )


def _values(text: str, name: str, least: int, most: int) -> set[int]:
    pattern = _NAMED if name == "weekday" else _FIELD
    try:
        if not pattern.fullmatch(text):
            raise ValueError
        found: set[int] = crontab_parser(most - least + 1, least).parse(text)
        if not found or min(found) < least or max(found) > most:
            raise ValueError
    except (ParseException, ValueError, KeyError, IndexError):
        raise CronError(f"“{text[:20]}” is no {name} of a schedule ({least} to {most}).") from None
    return found


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """The IANA zone of that name; `CronError` when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CronError(f"There is no time zone “{name[:60]}”.") from None


def following(line: str, zone_name: str, after: dt.datetime) -> dt.datetime | None:
    """The first instant after `after` (UTC), or None when the line names a day that never comes."""
    cron, where = parse(line), zone(zone_name)
    day = after.astimezone(where).date()
    # A day may end later than the next begins by the clock's change, so the earliest of a day is enough.
    last = day + _FAR
    while day <= last:
        if cron.has_day(day):
            found = min((each for each in _instants(cron, where, day, after) if each > after), default=None)
            if found is not None:
                return found
        day += dt.timedelta(days=1)
    return None


def _instants(cron: Cron, where: ZoneInfo, day: dt.date, after: dt.datetime) -> Iterator[dt.datetime]:
    folds = (0, 1) if len(cron.hours) == 24 else (0,)
    since = after.astimezone(where).replace(tzinfo=None) - _MARGIN
    for hour in cron.hours:
        for minute in cron.minutes:
            wall = dt.datetime.combine(day, dt.time(hour, minute))
            if wall < since:
                continue
            for fold in folds:
                instant = wall.replace(tzinfo=where, fold=fold).astimezone(dt.UTC)
                if instant.astimezone(where).replace(tzinfo=None) == wall:
                    yield instant

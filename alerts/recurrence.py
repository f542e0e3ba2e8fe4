"""When a maintenance window comes again: a recurrence rule on the wall clock of its zone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrule, rrulestr

from oncall.rota.wallclock import instant_of

# Further than a change of the clock moves a wall time.
_MARGIN = dt.timedelta(hours=3)
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class Recurring(Protocol):
    """What is asked of a window."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    rrule: str
    timezone: str
    repeats_until: dt.datetime | None


class Occurrence(NamedTuple):
    """One time a window comes: instants, the end excluded."""

    start: dt.datetime
    end: dt.datetime


def current(window: Recurring, now: dt.datetime) -> Occurrence | None:
    """The occurrence that runs now."""
    if not window.rrule:
        single = Occurrence(window.starts_at, window.ends_at)
        return single if single.start <= now < single.end else None
    clock = _Clock(window)
    wall = clock.wall(now)
    near = clock.rule.between(wall - clock.length - _MARGIN, wall + _MARGIN, inc=True)
    found = (clock.occurrence(each) for each in reversed(near))
    return next((each for each in found if each is not None and each.start <= now < each.end), None)


def following(window: Recurring, now: dt.datetime) -> Occurrence | None:
    """The first occurrence that starts after now."""
    if not window.rrule:
        return Occurrence(window.starts_at, window.ends_at) if window.starts_at > now else None
    clock = _Clock(window)
    for wall in clock.rule.xafter(clock.wall(now) - _MARGIN, count=8):
        found = clock.occurrence(wall)
        if found is None:
            return None
        if found.start > now:
            return found
    return None


def within(window: Recurring, since: dt.datetime, until: dt.datetime) -> list[Occurrence]:
    """Every occurrence that runs at any time from `since` to before `until`, in order."""
    if not window.rrule:
        single = Occurrence(window.starts_at, window.ends_at)
        return [single] if single.start < until and single.end > since else []
    clock = _Clock(window)
    first, last = clock.wall(since) - clock.length - _MARGIN, clock.wall(until) + _MARGIN
    found = (clock.occurrence(wall) for wall in clock.rule.between(first, last, inc=True))
    return [each for each in found if each is not None and each.start < until and each.end > since]


class _Clock:
    """A window's recurrence in wall times of its zone; it ends before `repeats_until`."""

    def __init__(self, window: Recurring) -> None:
        try:
            self.zone = ZoneInfo(window.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.zone = ZoneInfo("UTC")
        self.start = self.wall(window.starts_at)
        self.length = self.wall(window.ends_at) - self.start
        self.until = window.repeats_until
        found = rrulestr(window.rrule, dtstart=self.start)
        assert isinstance(found, rrule)
        self.rule = found

    def wall(self, instant: dt.datetime) -> dt.datetime:
        return instant.astimezone(self.zone).replace(tzinfo=None)

    def occurrence(self, wall: dt.datetime) -> Occurrence | None:
        """The occurrence that begins at this wall time; None after the last."""
        start, end = self._instant(wall), self._instant(wall + self.length)
        return Occurrence(start, end) if self.until is None or start < self.until else None

    def _instant(self, wall: dt.datetime) -> dt.datetime:
        return instant_of(wall, self.zone).replace(tzinfo=dt.UTC)


def rule_of(repeat: str, starts_at: dt.datetime, zone: ZoneInfo, weekdays: Sequence[int] = ()) -> str:
    """The recurrence rule of a choice: daily, weekly (on these days, Monday is 0) or monthly; "" for none.

    Monthly keeps the day; where a month has no such day, its last.
    """
    day = starts_at.astimezone(zone)
    if repeat == "daily":
        return "FREQ=DAILY"
    if repeat == "weekly":
        days = sorted({*weekdays} or {day.weekday()})
        return f"FREQ=WEEKLY;BYDAY={','.join(_DAYS[each] for each in days)}"
    if repeat == "monthly":
        if day.day <= 28:
            return f"FREQ=MONTHLY;BYMONTHDAY={day.day}"
        return f"FREQ=MONTHLY;BYMONTHDAY={','.join(map(str, range(28, day.day + 1)))};BYSETPOS=-1"
    return ""


def choice_of(rule: str) -> tuple[str, list[int]]:
    """(repeat, weekdays) of a rule that `rule_of` wrote."""
    parts = dict(part.split("=", 1) for part in rule.split(";") if "=" in part)
    days = [_DAYS.index(each) for each in parts.get("BYDAY", "").split(",") if each in _DAYS]
    return {"DAILY": "daily", "WEEKLY": "weekly", "MONTHLY": "monthly"}.get(
        parts.get("FREQ", ""), "none"
    ), days

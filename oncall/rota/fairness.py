"""How much each person serves, counted in the hours that weigh: all, at night, on weekends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from oncall.rota.model import Shift

# Local wall times of the person who serves.
NIGHT_FROM, NIGHT_UNTIL = time(22), time(7)
_SATURDAY = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Burden:
    """Time on call in all, and what of it lies in nights (22:00–7:00) and on Saturdays and Sundays.

    A night on a weekend counts in both.
    """

    total: timedelta = timedelta()
    nights: timedelta = timedelta()
    weekends: timedelta = timedelta()

    def __add__(self, other: Burden) -> Burden:
        return Burden(self.total + other.total, self.nights + other.nights, self.weekends + other.weekends)


def burdens(shifts: Iterable[Shift], zones: Mapping[int, ZoneInfo]) -> dict[int, Burden]:
    """Person → what these shifts come to; everybody on call in a shift serves all of it.

    Nights and weekends are those of the person's zone, UTC for whoever has none in `zones`.
    """
    found: dict[int, Burden] = {}
    for shift in shifts:
        for user in shift.users:
            one = burden(shift.start, shift.end, zones.get(user) or ZoneInfo("UTC"))
            found[user] = found.get(user, Burden()) + one
    return found


def burden(start: datetime, end: datetime, zone: ZoneInfo) -> Burden:
    """What serving in [start, end), two instants, comes to in a zone."""
    nights = weekends = timedelta()
    for day in _days(start, end, zone):
        night = _instant(day, NIGHT_FROM, zone), _instant(day + _DAY, NIGHT_UNTIL, zone)
        nights += _common(start, end, *night)
        if day.weekday() >= _SATURDAY:
            weekends += _common(start, end, _instant(day, time(), zone), _instant(day + _DAY, time(), zone))
    return Burden(end - start, nights, weekends)


def _days(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[date]:
    """The local days that [start, end) touches, and the one before: its night reaches into the first."""
    day, last = start.astimezone(zone).date() - _DAY, end.astimezone(zone).date()
    while day <= last:
        yield day
        day += _DAY


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)


def _common(start: datetime, end: datetime, other_start: datetime, other_end: datetime) -> timedelta:
    return max(timedelta(), min(end, other_end) - max(start, other_start))

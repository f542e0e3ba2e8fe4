"""Wall time to instants in one zone, over one range, fast.

The rule: a wall time means the first instant at which the zone's clock shows it or something later.
So one that does not exist moves to the first that does, and one that exists twice means its first
occurrence (IANA tz rules; PEP 495 `fold` alone would move a missing time by the width of the gap).
Instants are naive UTC datetimes inside this package: comparing those is what the sweep spends its
time on.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from oncall.rota.model import InvalidRota

# No zone has changed its clock twice within this time and back, so sampling at it misses no change.
_SAMPLE = timedelta(hours=6)
# A change shortly before the range decides which occurrence a wall time inside it means.
_MARGIN = timedelta(days=2)
_FIRST, _LAST = datetime(1, 1, 1), datetime(9999, 12, 31)  # noqa: DTZ001 - wall times


class _Stretch(NamedTuple):
    """A range of instants with one UTC offset; `local_end` is what the clock shows at its end."""

    start: datetime
    end: datetime
    offset: timedelta
    local_end: datetime


class WallClock:
    """The clock of `zone` over the instants [start, end] (naive UTC)."""

    __slots__ = ("_last", "_stretches")

    def __init__(self, zone: ZoneInfo, start: datetime, end: datetime) -> None:
        self._stretches = _stretches(zone, (start - _MARGIN).year, (end + _MARGIN).year)
        # The stretch that the last wall time fell into, and from which wall time on: most times come in order.
        self._last = (_LAST, self._stretches[0])

    def instant(self, wall: datetime) -> datetime:
        """The instant `wall` means. Outside the range the result is clamped to a bound beyond it."""
        begins, last = self._last
        if begins <= wall < last.local_end:
            instant = wall - last.offset
            return instant if instant > last.start else last.start
        begins = _FIRST
        for stretch in self._stretches:
            if wall < stretch.local_end:
                self._last = (begins, stretch)
                return max(wall - stretch.offset, stretch.start)
            begins = stretch.local_end
        return self._stretches[-1].end

    def latest_wall(self, instant: datetime) -> datetime:
        """The latest wall time the clock has shown up to `instant`: it never runs backwards."""
        shown = [min(instant, s.end) + s.offset for s in self._stretches if s.start <= instant]
        return max(shown) if shown else self._stretches[0].start + self._stretches[0].offset


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant (naive UTC) a wall time means in `zone`."""
    return WallClock(zone, wall - timedelta(days=1), wall + timedelta(days=1)).instant(wall)


def load_zone(name: str) -> ZoneInfo:
    """The IANA zone of that name; InvalidRota for the field `timezone` when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidRota({"timezone": "must be the name of an IANA time zone"}) from error


def to_naive(instant: datetime) -> datetime:
    """An aware instant as naive UTC."""
    return instant.astimezone(UTC).replace(tzinfo=None)


@lru_cache(maxsize=8192)
def _stretches(zone: ZoneInfo, first: int, last: int) -> tuple[_Stretch, ...]:
    """The stretches of these years of UTC. Kept: thousands of schedules share few zones and years."""
    found: list[_Stretch] = []
    for year in range(first, last + 1):
        for stretch in _year(zone, year):
            if found and found[-1].offset == stretch.offset:
                found[-1] = found[-1]._replace(end=stretch.end, local_end=stretch.local_end)
            else:
                found.append(stretch)
    return tuple(found)


@lru_cache(maxsize=8192)
def _year(zone: ZoneInfo, year: int) -> tuple[_Stretch, ...]:
    low, high = (datetime.combine(date(each, 1, 1), time()) for each in (year, year + 1))
    found: list[_Stretch] = []
    start, offset = low, _offset(zone, low)
    at = low
    while at < high:
        following = min(at + _SAMPLE, high)
        if _offset(zone, following) != offset:
            change = _first_change(zone, at, following, offset)
            found.append(_Stretch(start, change, offset, change + offset))
            start, offset = change, _offset(zone, change)
            at = change
        else:
            at = following
    if start < high:
        found.append(_Stretch(start, high, offset, high + offset))
    return tuple(found)


def _first_change(zone: ZoneInfo, low: datetime, high: datetime, offset: timedelta) -> datetime:
    """The first whole second after `low` whose offset is no longer `offset`."""
    same, other = 0, int((high - low).total_seconds())
    while other - same > 1:
        middle = (same + other) // 2
        if _offset(zone, low + timedelta(seconds=middle)) == offset:
            same = middle
        else:
            other = middle
    return low + timedelta(seconds=other)


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    offset = instant.replace(tzinfo=UTC).astimezone(zone).utcoffset()
    return offset if offset is not None else timedelta(0)

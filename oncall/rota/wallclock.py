"""Wall time to instants in one zone, over one range, fast.

The rule: a wall time means the first instant at which the zone's clock shows it or something later.
So one that does not exist moves to the first that does, and one that exists twice means its first
occurrence (IANA tz rules; PEP 495 `fold` alone would move a missing time by the width of the gap).
Instants are naive UTC datetimes inside this package: comparing those is what the sweep spends its
time on.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from oncall.rota.model import InvalidRota

# No zone has changed its clock twice within this time and back, so sampling at it misses no change.
_SAMPLE = timedelta(hours=6)
# A change shortly before the range decides which occurrence a wall time inside it means.
_MARGIN = timedelta(days=2)


class _Stretch(NamedTuple):
    """A range of instants with one UTC offset; `local_end` is what the clock shows at its end."""

    start: datetime
    end: datetime
    offset: timedelta
    local_end: datetime


class WallClock:
    """The clock of `zone` over the instants [start, end] (naive UTC)."""

    def __init__(self, zone: ZoneInfo, start: datetime, end: datetime) -> None:
        low = (start - _MARGIN).replace(microsecond=0)
        high = (end + _MARGIN).replace(microsecond=0)
        self._stretches = _stretches(zone, low, high)

    def instant(self, wall: datetime) -> datetime:
        """The instant `wall` means. Outside the range the result is clamped to a bound beyond it."""
        for start, _end, offset, local_end in self._stretches:
            if wall < local_end:
                instant = wall - offset
                return max(instant, start)
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


def _stretches(zone: ZoneInfo, low: datetime, high: datetime) -> tuple[_Stretch, ...]:
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

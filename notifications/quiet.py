"""Quiet hours: when a person wants nothing that can wait, by their own clock. Pure time arithmetic."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Protocol


class Hours(Protocol):
    """From `starts` (inclusive) to `ends` (exclusive) by the wall clock; past midnight when `ends` is less."""

    starts: dt.time
    ends: dt.time


def inside(at: dt.datetime, hours: Hours, zone: zoneinfo.ZoneInfo) -> bool:
    """Whether the person's clock shows a quiet hour at this instant."""
    shown = at.astimezone(zone).time()
    if hours.starts < hours.ends:
        return hours.starts <= shown < hours.ends
    return shown >= hours.starts or shown < hours.ends


def postponed(at: dt.datetime, hours: Hours | None, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """The first instant from `at` on at which it is not quiet, in UTC; `at` itself outside quiet hours.

    Where the clock goes back during the hours, they end when it first shows `ends`; where it jumps over
    `ends`, at the jump.
    """
    at = at.astimezone(dt.UTC)
    if hours is None or not inside(at, hours, zone):
        return at
    local = at.astimezone(zone)
    day = local.date() if local.time() < hours.ends else local.date() + dt.timedelta(days=1)
    ends = dt.datetime.combine(day, hours.ends, tzinfo=zone)
    early, late = (ends.replace(fold=fold).astimezone(dt.UTC) for fold in (0, 1))
    if early > late:
        return _jump(late, early, zone)
    return early if early > at else late


def _jump(before: dt.datetime, after: dt.datetime, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """The instant between the two at which the clock is set forward, to the second."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > dt.timedelta(seconds=1):
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after

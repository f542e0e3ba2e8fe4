"""Whether an agreement is kept: downtime of the present and earlier periods against what it allows. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.choices import Period

_MONTHS = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}
Span = tuple[dt.datetime, dt.datetime]


class Standing(NamedTuple):
    """A period, half-open, and how it went. `down`: merged downtime until now; `allowed`: what the target leaves
    of the whole period; `left`: of that, below zero when breached. `percent`: available of the time that has passed.
    """

    start: dt.datetime
    end: dt.datetime
    down: dt.timedelta
    allowed: dt.timedelta
    passed: dt.timedelta

    @property
    def left(self) -> dt.timedelta:
        return self.allowed - self.down

    @property
    def breached(self) -> bool:
        return self.down > self.allowed

    @property
    def percent(self) -> float:
        return 100 * (1 - self.down / self.passed) if self.passed else 100.0

    @property
    def share_used(self) -> float:
        """Of the allowance, 0 to 1 and above; 1 at once where nothing is allowed and something was down."""
        if not self.allowed:
            return 1.0 if self.down else 0.0
        return self.down / self.allowed


def period_of(at: dt.datetime, period: str, zone: str, back: int = 0) -> Span:
    """The calendar period an instant lies in, `back` periods earlier; wall-clock midnights of the zone."""
    months = _MONTHS[Period(period)]
    where = ZoneInfo(zone)
    local = at.astimezone(where)
    first = (local.year * 12 + local.month - 1) // months * months - back * months
    return _midnight(first, where), _midnight(first + months, where)


def _midnight(month: int, where: ZoneInfo) -> dt.datetime:
    return dt.datetime(month // 12, month % 12 + 1, 1, tzinfo=where).astimezone(dt.UTC)


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same time without overlaps, in order."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def standing(period: Span, target: Decimal, down: Sequence[Span], now: dt.datetime) -> Standing:
    """How a period stands: `down` may overlap and reach beyond it; what is after `now` has not happened."""
    start, end = period
    until = min(end, now)
    inside = merged((max(a, start), min(b, until)) for a, b in down)
    total = sum((b - a for a, b in inside), dt.timedelta())
    allowed = (end - start) * float((100 - target) / 100)
    return Standing(start, end, total, allowed, max(until - start, dt.timedelta()))

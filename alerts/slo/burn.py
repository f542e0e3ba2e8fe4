"""The arithmetic of error budgets. Pure rules.

With a target of 99.9 % the error budget is 0.1 % of all events. A burn rate of 1 spends it in exactly the window; of
14.4, in a window of 30 days, 2 % of it in one hour. When to alert is that of "The Site Reliability Workbook"
(Beyer et al., O'Reilly 2018), chapter 5, "Multiwindow, Multi-Burn-Rate Alerts": a rate must be exceeded over a long
length, which makes it worth saying, and over a short one, so that it ends soon after the trouble does.

The lengths there are those of a window of 30 days. For another window they grow and shrink with it, so that at the
same rate the same share of the budget is spent before anybody is told; none is shorter than five minutes, the
width of what is counted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

MINUTE, HOUR, DAY = 60, 3600, 86_400
WINDOWS = (7, 14, 28, 30, 90)
# What is counted is counted in buckets of so many seconds.
BUCKET = 5 * MINUTE
_OF_DAYS = 30


class Pair(NamedTuple):
    """A burn rate that is to be exceeded over both lengths, in seconds."""

    rate: float
    long: int
    short: int


_FAST = (Pair(14.4, HOUR, 5 * MINUTE), Pair(6, 6 * HOUR, 30 * MINUTE))
_SLOW = (Pair(3, DAY, 2 * HOUR), Pair(1, 3 * DAY, 6 * HOUR))


class Measured(NamedTuple):
    """What was seen in some time, in events or seconds. `whole`: what the budget is a share of, at least `good` and
    `bad`; of time, unlike of events, what nobody has seen counts as good there."""

    good: float = 0.0
    bad: float = 0.0
    whole: float = 0.0


class Firing(NamedTuple):
    """How fast the budget burns: `speed` "fast" or "slow", by which pair, and at what rate over its long length."""

    speed: str
    pair: Pair
    rate: float


def budget_of(target: Decimal | float) -> float:
    """The error budget of a target in percent, as a fraction of all: 0.001 of 99.9."""
    return float((Decimal(100) - Decimal(str(target))) / 100)


def pairs(window_days: int) -> tuple[tuple[str, Pair], ...]:
    """(speed, pair) for this window, the worst first."""
    fast = [("fast", _scaled(pair, window_days)) for pair in _FAST]
    return (*fast, *(("slow", _scaled(pair, window_days)) for pair in _SLOW))


def _scaled(pair: Pair, window_days: int) -> Pair:
    long, short = (
        max(round(length * window_days / _OF_DAYS / MINUTE) * MINUTE, BUCKET)
        for length in (pair.long, pair.short)
    )
    return Pair(pair.rate, long, short)


def lengths(window_days: int) -> tuple[int, ...]:
    """The lengths that rates are needed of, in seconds, the shortest first; without the window itself."""
    found = {length for _speed, pair in pairs(window_days) for length in (pair.long, pair.short)}
    return tuple(sorted(found))


def sli(seen: Measured) -> float | None:
    """The fraction that was good; None when nothing was seen."""
    known = seen.good + seen.bad
    return seen.good / known if known > 0 else None


def rate(seen: Measured, budget: float) -> float | None:
    """How many times faster than it may the budget is spent; None when nothing was seen."""
    return seen.bad / seen.whole / budget if seen.whole > 0 and seen.good + seen.bad > 0 else None


def left(seen: Measured, budget: float) -> float | None:
    """The fraction of the window's budget that is left, below 0 when more is spent; None when nothing was seen."""
    spent = rate(seen, budget)
    return None if spent is None else 1 - spent


def left_of(fraction: float | None) -> int | None:
    """A fraction of the budget in whole percent, rounded down: only a whole budget is 100 %."""
    return None if fraction is None else max(math.floor(fraction * 100 + 1e-9), -99_999)


def firing(rates: Mapping[int, float | None], window_days: int) -> Firing | None:
    """The worst pair of which both rates are exceeded, by the rates over `lengths`."""
    for speed, pair in pairs(window_days):
        over_long, over_short = rates.get(pair.long), rates.get(pair.short)
        if over_long is not None and over_short is not None and min(over_long, over_short) > pair.rate:
            return Firing(speed, pair, over_long)
    return None


def seconds_left(fraction: float | None, pace: float, window_days: int) -> float | None:
    """In how long the rest of the budget is spent at this rate; None when none is left or none is being spent."""
    if fraction is None or fraction <= 0 or pace <= 0:
        return None
    return fraction * window_days * DAY / pace

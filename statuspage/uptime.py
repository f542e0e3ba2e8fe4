"""Uptime of a component from how it did and what was corrected. Pure.

A major outage counts in full, a partial one by 30 %, as the Statuspage documentation weighs them; degraded
performance counts as up, and planned work is left out of the time that is judged.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from statuspage.choices import ComponentStatus
from statuspage.statuses import RANK

WEIGHTS = {ComponentStatus.MAJOR: 1.0, ComponentStatus.PARTIAL: 0.3}
# A flicker of some seconds does not colour a day.
_SEEN_SECONDS = 60.0


@dataclass(frozen=True)
class Span:
    """A status from `since` up to, not including, `until`."""

    status: str
    since: dt.datetime
    until: dt.datetime


@dataclass
class Tally:
    """Seconds in each status."""

    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, status: str, seconds: float) -> None:
        self.seconds[status] = self.seconds.get(status, 0.0) + seconds

    @property
    def uptime(self) -> float | None:
        """Fraction 0..1 of the judged time; None when nothing of it was judged."""
        judged = sum(value for key, value in self.seconds.items() if key != ComponentStatus.MAINTENANCE)
        if judged <= 0:
            return None
        lost = sum(self.seconds.get(key, 0.0) * weight for key, weight in WEIGHTS.items())
        return 1.0 - lost / judged

    @property
    def worst(self) -> str:
        """The gravest status that lasted a minute or more; "" when nothing is known."""
        if not self.seconds:
            return ""
        seen = [key for key, value in self.seconds.items() if value >= _SEEN_SECONDS]
        return max(seen or [ComponentStatus.OPERATIONAL], key=lambda key: RANK[ComponentStatus(key)])


@dataclass(frozen=True)
class Day:
    """One calendar day in the page's zone."""

    date: dt.date
    tally: Tally


def corrected(spans: Iterable[Span], corrections: Iterable[Span]) -> list[Span]:
    """The spans with each correction laid over, the later ones on top; time nobody knows about stays unknown."""
    found = sorted(spans, key=lambda span: span.since)
    for patch in corrections:
        laid: list[Span] = []
        for span in found:
            if span.until <= patch.since or span.since >= patch.until:
                laid.append(span)
                continue
            if span.since < patch.since:
                laid.append(Span(span.status, span.since, patch.since))
            laid.append(Span(patch.status, max(span.since, patch.since), min(span.until, patch.until)))
            if span.until > patch.until:
                laid.append(Span(span.status, patch.until, span.until))
        found = laid
    return found


def days(spans: Sequence[Span], zone: ZoneInfo, last: dt.date, count: int) -> list[Day]:
    """The `count` days that end with `last`, oldest first. `spans` do not overlap and are in order."""
    first = last - dt.timedelta(days=count - 1)
    edges = [_midnight(first + dt.timedelta(days=number), zone) for number in range(count + 1)]
    tallies = [Tally() for _each in range(count)]
    _spread(spans, edges, tallies)
    return [Day(first + dt.timedelta(days=number), tally) for number, tally in enumerate(tallies)]


def months(spans: Sequence[Span], zone: ZoneInfo, last: dt.date, count: int) -> list[Day]:
    """The `count` calendar months that end with that of `last`, oldest first; `date` is each one's first day."""
    starts = [_month(last, count - 1 - number) for number in range(count + 1)]
    tallies = [Tally() for _each in range(count)]
    _spread(spans, [_midnight(start, zone) for start in starts], tallies)
    return [Day(start, tally) for start, tally in zip(starts, tallies, strict=False)]


def together(tallies: Iterable[Tally]) -> Tally:
    """All of them as one."""
    found = Tally()
    for tally in tallies:
        for status, seconds in tally.seconds.items():
            found.add(status, seconds)
    return found


def _spread(spans: Sequence[Span], edges: Sequence[dt.datetime], tallies: Sequence[Tally]) -> None:
    number = 0
    for span in spans:
        while number < len(tallies) and edges[number + 1] <= span.since:
            number += 1
        at = number
        while at < len(tallies) and edges[at] < span.until:
            part = min(span.until, edges[at + 1]) - max(span.since, edges[at])
            if part > dt.timedelta(0):
                tallies[at].add(span.status, part.total_seconds())
            at += 1


def _midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)


def _month(day: dt.date, back: int) -> dt.date:
    number = day.year * 12 + day.month - 1 - back
    return dt.date(number // 12, number % 12 + 1, 1)

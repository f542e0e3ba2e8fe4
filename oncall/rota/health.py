"""What being on call costs people: hours, nights, weekends and pages, each counted in their own zone.

A night is named by the date of its evening. Days, nights and weekends are those of the person's wall clock,
their length is the time that really passes: the night in which clocks go back is an hour longer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from oncall.rota.fairness import NIGHT_FROM, NIGHT_UNTIL, Burden, burden
from oncall.rota.spans import joined
from oncall.rota.wallclock import to_naive

WEEK = timedelta(days=7)
_DAY = timedelta(days=1)
_SATURDAY = 5
# Somebody carries much from this many times the mean on.
_MUCH = 1.5


@dataclass(frozen=True, slots=True)
class Served:
    """Time on call, however many schedules it was in. `streak`: most consecutive local days with any of it."""

    total: timedelta = timedelta()
    night: timedelta = timedelta()
    weekend: timedelta = timedelta()
    streak: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """A page that reached `user` at an aware instant. `cause` and `subject` are opaque."""

    at: datetime
    user: int
    high: bool
    cause: str = ""
    subject: str = ""


@dataclass(slots=True)
class PageCount:
    """Pages of one person. `nights`: the evenings of those in which a page of high urgency came."""

    high: int = 0
    low: int = 0
    outside_work: int = 0
    nights: set[date] = field(default_factory=set)

    @property
    def total(self) -> int:
        return self.high + self.low


@dataclass(slots=True)
class CauseCount:
    """Pages of one cause, by subject, and the (person, evening) of the nights it broke."""

    pages: int = 0
    subjects: Counter[str] = field(default_factory=Counter)
    nights: set[tuple[int, date]] = field(default_factory=set)


@dataclass(slots=True)
class WeekCount:
    """Seven days from `start` on. A night that was broken belongs to the week of the first page in it."""

    start: datetime
    pages: int = 0
    nights: int = 0


@dataclass(slots=True)
class Tally:
    """`nights` is the number of (person, evening) pairs: two people woken by one page are two nights."""

    people: dict[int, PageCount]
    causes: dict[str, CauseCount]
    weeks: list[WeekCount]
    nights: int = 0


class LocalTime:
    """The nights, weekends, days and working hours (Monday to Friday, [from, to)) of `zone`."""

    __slots__ = ("_work", "_zone")

    def __init__(self, zone: ZoneInfo, work: tuple[time, time]) -> None:
        self._zone, self._work = zone, work

    def served(self, stretches: Iterable[tuple[datetime, datetime]]) -> Served:
        """What these stretches of aware instants come to; where they overlap they count once."""
        own = [
            (start.replace(tzinfo=UTC), end.replace(tzinfo=UTC))
            for start, end in joined((to_naive(start), to_naive(end)) for start, end in stretches)
        ]
        counted = sum((burden(start, end, self._zone) for start, end in own), Burden())
        return Served(counted.total, counted.nights, counted.weekends, self._streak(own))

    def night_of(self, at: datetime) -> date | None:
        """The evening of the night that the instant falls into; None by day."""
        local = at.astimezone(self._zone)
        if local.time() >= NIGHT_FROM:
            return local.date()
        return local.date() - _DAY if local.time() < NIGHT_UNTIL else None

    def outside_work(self, at: datetime) -> bool:
        """Whether the instant is on a weekend or outside the hours of work."""
        local = at.astimezone(self._zone)
        inside = self._work[0] <= local.time() < self._work[1]
        return local.weekday() >= _SATURDAY or not inside

    def _streak(self, stretches: Iterable[tuple[datetime, datetime]]) -> int:
        longest, length, previous = 0, 0, date.min
        for start, end in stretches:
            day, last = self._date(start), self._date(end - timedelta(microseconds=1))
            while day <= last:
                if day != previous:
                    length = length + 1 if day - previous == _DAY else 1
                    longest, previous = max(longest, length), day
                day += _DAY
        return longest

    def _date(self, instant: datetime) -> date:
        return instant.astimezone(self._zone).date()


def tally(pages: Iterable[Page], clocks: Mapping[int, LocalTime], start: datetime, weeks: int) -> Tally:
    """Counts the pages of [start, start + weeks) in order of time; people without a clock are left out."""
    result = Tally({user: PageCount() for user in clocks}, defaultdict(CauseCount), [])
    result.weeks = [WeekCount(start + number * WEEK) for number in range(weeks)]
    for page in pages:
        clock, number = clocks.get(page.user), (page.at - start) // WEEK
        if clock is None or not 0 <= number < weeks:
            continue
        person, cause, week = result.people[page.user], result.causes[page.cause], result.weeks[number]
        person.high += page.high
        person.low += not page.high
        person.outside_work += clock.outside_work(page.at)
        week.pages += 1
        cause.pages += 1
        cause.subjects[page.subject] += 1
        night = clock.night_of(page.at) if page.high else None
        if night is None:
            continue
        cause.nights.add((page.user, night))
        if night not in person.nights:
            person.nights.add(night)
            week.nights += 1
            result.nights += 1
    return result


def heavy(values: Mapping[int, int], least: int) -> dict[int, float]:
    """Whoever has more than 1.5 times the mean, and at least `least`, with the mean; none among fewer than two."""
    if len(values) < 2:
        return {}
    mean = sum(values.values()) / len(values)
    return {user: mean for user, value in values.items() if value >= least and value > _MUCH * mean}


def lightest(loads: Mapping[int, tuple[float, ...]], among: Iterable[int]) -> int | None:
    """Who of `among` carries the least: each kind of load counts in parts of its mean over all `loads`.

    Equal loads go by id; None when there is nobody.
    """
    totals = [sum(kind) for kind in zip(*loads.values(), strict=True)]

    def weight(user: int) -> tuple[float, int]:
        parts = zip(loads[user], totals, strict=True)
        return sum(value / total for value, total in parts if total), user

    return min(among, key=weight, default=None)

"""One rotation by itself: who it puts on call in a range of instants.

The work grows with the length of the range, never with its distance from the rotation's beginning:
the turn at the range's start is computed from the wall clock, not counted up to.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from oncall.rota.model import WEEKDAYS, FixedLayer, Layer, Restriction, Rotation
from oncall.rota.spans import Stretches, joined, without
from oncall.rota.wallclock import WallClock, instant_of, to_naive

_DAY = timedelta(days=1)
_WIDEST = timedelta(days=2)
_STEPS = {"hour": timedelta(hours=1), "day": _DAY, "week": timedelta(weeks=1)}


class Span(NamedTuple):
    """[start, end) in naive UTC and the sorted ids of who serves it."""

    start: datetime
    end: datetime
    users: tuple[int, ...]


# Stands for whoever it may be, where only the time matters.
_SOMEBODY = (0,)


def served(layer: Layer, zone: ZoneInfo, clock: WallClock, start: datetime, end: datetime) -> list[Span]:
    """Disjoint spans, in order, in which `layer` puts anybody on call within [start, end)."""
    if isinstance(layer, FixedLayer):
        return _fixed(layer, start, end)
    turns = [tuple(sorted(set(turn or ()))) for turn in layer.members]
    return _spans(layer, turns, zone, clock, start, end)


def planned_off(
    rotation: Rotation, zone: ZoneInfo, clock: WallClock, start: datetime, end: datetime
) -> Stretches:
    """When nobody of the rotation serves on purpose: its null turns, and holidays it skips."""
    found: Stretches = []
    if None in rotation.members:
        nobody = [_SOMEBODY if turn is None else () for turn in rotation.members]
        found += _times(_spans(rotation, nobody, zone, clock, start, end))
    if rotation.on_holidays == "skip":
        anybody = [_SOMEBODY if turn is None or turn else () for turn in rotation.members]
        found += _times(_spans(rotation, anybody, zone, clock, start, end, skipped=True))
    return joined(found)


def deserted(
    rotation: Rotation, zone: ZoneInfo, clock: WallClock, start: datetime, end: datetime
) -> Stretches:
    """When a turn comes up whose people have all left: nobody planned that."""
    if all(turn is None or turn for turn in rotation.members):
        return []
    empty = [_SOMEBODY if turn is not None and not turn else () for turn in rotation.members]
    return _times(_spans(rotation, empty, zone, clock, start, end))


def windows_of(windows: tuple[Restriction, ...], zone: ZoneInfo, start: datetime, end: datetime) -> Stretches:
    """The parts of [start, end) inside these daily windows of the zone's wall time."""
    if start >= end:
        return []
    found = _windows(windows, WallClock(zone, start, end), start, end)
    return joined((max(begins, start), min(ends, end)) for begins, ends in found)


def _fixed(layer: FixedLayer, start: datetime, end: datetime) -> list[Span]:
    spans = [
        Span(max(to_naive(each.start), start), min(to_naive(each.end), end), (each.user,))
        for each in layer.stretches
    ]
    return _flat([span for span in spans if span.start < span.end])


def _times(spans: list[Span]) -> Stretches:
    return [(span.start, span.end) for span in spans]


def _spans(
    rotation: Rotation,
    turns: Sequence[tuple[int, ...]],
    zone: ZoneInfo,
    clock: WallClock,
    start: datetime,
    end: datetime,
    *,
    skipped: bool = False,
) -> list[Span]:
    """Disjoint spans with the users of `turns`, which stand for the rotation's own; without empty ones.

    `skipped`: on holidays alone, whatever the rotation does on them.
    """
    begins = rotation.starts_at if rotation.serves_from is None else rotation.serves_from
    # No offset is wider than this: far off bounds need no look at the zone.
    if begins > start - _WIDEST:
        start = max(start, instant_of(begins, zone))
    if rotation.ends_at is not None and rotation.ends_at < end + _WIDEST:
        end = min(end, instant_of(rotation.ends_at, zone))
    if start >= end:
        return []
    if rotation.by_day:
        spans = _flat(_listed_days(rotation, turns, clock, start, end))
    else:
        spans = _turns(rotation, turns, clock, start, end)
        if rotation.restrictions:
            spans = _masked(spans, _windows(rotation.restrictions, clock, start, end))
    if skipped or rotation.on_holidays != "serve":
        days = _holidays(rotation, clock, start, end)
        if rotation.on_holidays == "skip" and not skipped:
            days = without([(start, end)], days)
        spans = _masked(spans, days)
    return [span for span in spans if span.users]


def _holidays(rotation: Rotation, clock: WallClock, start: datetime, end: datetime) -> Stretches:
    days = [day for day in _dates(clock, start, end) if day in rotation.holidays]
    midnight = time()
    return joined(
        (
            clock.instant(datetime.combine(day, midnight)),
            clock.instant(datetime.combine(day + _DAY, midnight)),
        )
        for day in days
    )


def _turns(
    rotation: Rotation, members: Sequence[tuple[int, ...]], clock: WallClock, start: datetime, end: datetime
) -> list[Span]:
    if len(set(members)) == 1:
        return [Span(start, end, members[0])]
    number_at, wall_of = _turn_rule(rotation)
    spans: list[Span] = []
    # One earlier than computed: a turn whose wall time is in a repeated hour may not have begun yet.
    number = number_at(clock.latest_wall(start)) - 1
    begins = clock.instant(wall_of(number))
    while begins < end:
        number += 1
        ends = clock.instant(wall_of(number))
        if ends > start and ends > begins:
            spans.append(Span(max(begins, start), min(ends, end), members[(number - 1) % len(members)]))
        begins = ends
    return spans


def _turn_rule(rotation: Rotation) -> tuple[Callable[[datetime], int], Callable[[int], datetime]]:
    """(number of a turn not after a wall time, within one; wall time turn k begins at)."""
    first, count = rotation.starts_at, rotation.count
    if rotation.unit == "month":
        return (
            lambda wall: _months(first.date(), wall.date()) // count,
            lambda number: _plus_months(first, number * count),
        )
    step = _STEPS[rotation.unit] * count
    return (lambda wall: (wall - first) // step, lambda number: first + number * step)


def _listed_days(
    rotation: Rotation, members: Sequence[tuple[int, ...]], clock: WallClock, start: datetime, end: datetime
) -> Iterator[Span]:
    listed = frozenset(WEEKDAYS.index(day) for day in rotation.by_day)
    number_of = _day_rule(rotation, sorted(listed))
    time_of_day = rotation.starts_at.time()
    windows = rotation.restrictions or (Restriction(time_of_day, time_of_day),)
    for day in _dates(clock, start, end):
        if day.weekday() not in listed:
            continue
        users = members[number_of(day) % len(members)]
        for begins, ends in _windows_of_day(windows, day, clock):
            if begins < end and ends > start and users:
                yield Span(max(begins, start), min(ends, end), users)


def _day_rule(rotation: Rotation, listed: list[int]) -> Callable[[date], int]:
    """The number of the turn a listed day belongs to."""
    first, count = rotation.starts_at.date(), rotation.count
    if rotation.unit == "month":
        return lambda day: _months(first, day) // count
    if rotation.unit == "week":
        shift = WEEKDAYS.index(rotation.week_start)
        week_zero = _monday_based(first, shift) // 7
        return lambda day: (_monday_based(day, shift) // 7 - week_zero) // count
    before = [sum(1 for weekday in listed if weekday < start) for start in range(7)]

    def listed_before(day: date) -> int:
        weeks, weekday = divmod(_monday_based(day, 0), 7)
        return weeks * len(listed) + before[weekday]

    zero = listed_before(first)
    return lambda day: (listed_before(day) - zero) // count


def _windows(
    restrictions: tuple[Restriction, ...], clock: WallClock, start: datetime, end: datetime
) -> Stretches:
    """The restrictions' windows that touch [start, end), joined where they overlap, in order."""
    return joined(
        window for day in _dates(clock, start, end) for window in _windows_of_day(restrictions, day, clock)
    )


def _windows_of_day(
    restrictions: tuple[Restriction, ...], day: date, clock: WallClock
) -> Iterator[tuple[datetime, datetime]]:
    name = WEEKDAYS[day.weekday()]
    for restriction in restrictions:
        if restriction.days and name not in restriction.days:
            continue
        last = day if restriction.ends > restriction.starts else day + _DAY
        begins = clock.instant(datetime.combine(day, restriction.starts))
        ends = clock.instant(datetime.combine(last, restriction.ends))
        if begins < ends:
            yield begins, ends


def _dates(clock: WallClock, start: datetime, end: datetime) -> Iterator[date]:
    """Every date on which a window of up to 24 hours that touches [start, end) can begin."""
    day = clock.latest_wall(start).date() - 2 * _DAY
    last = clock.latest_wall(end).date()
    while day <= last:
        yield day
        day += _DAY


def _masked(spans: list[Span], windows: list[tuple[datetime, datetime]]) -> list[Span]:
    """The parts of disjoint ordered spans that lie inside disjoint ordered windows."""
    kept: list[Span] = []
    position = 0
    for start, end, users in spans:
        while position < len(windows) and windows[position][1] <= start:
            position += 1
        look = position
        while look < len(windows) and windows[look][0] < end:
            kept.append(Span(max(start, windows[look][0]), min(end, windows[look][1]), users))
            look += 1
    return kept


def _flat(spans: Iterable[Span]) -> list[Span]:
    """Disjoint spans from overlapping ones; where they overlap all their people serve."""
    ordered = sorted(spans)
    if all(one.end <= two.start for one, two in pairwise(ordered)):
        return ordered
    edges = sorted(
        [(span.start, 1, span.users) for span in ordered] + [(span.end, -1, span.users) for span in ordered],
        key=itemgetter(0),
    )
    flat: list[Span] = []
    serving: list[tuple[int, ...]] = []
    previous = edges[0][0]
    for at, change, users in edges:
        if at > previous and serving:
            flat.append(Span(previous, at, tuple(sorted({user for turn in serving for user in turn}))))
        previous = at
        if change > 0:
            serving.append(users)
        else:
            serving.remove(users)
    return flat


def _months(first: date, day: date) -> int:
    return (day.year - first.year) * 12 + day.month - first.month


def _plus_months(first: datetime, months: int) -> datetime:
    """`first` moved by whole months; a month without that day gives its last."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return first.replace(year=year, month=month + 1, day=min(first.day, monthrange(year, month + 1)[1]))


def _monday_based(day: date, shift: int) -> int:
    """Days since a fixed day with weekday `shift` (0 is Monday)."""
    return day.toordinal() - 1 - shift

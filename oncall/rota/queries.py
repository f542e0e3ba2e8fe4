"""The questions one asks of a schedule: shifts, gaps, who is on call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from oncall.rota.checks import MAX_QUERY, require_computable, require_instant, require_window
from oncall.rota.compose import crowds as crowds_of
from oncall.rota.compose import rows
from oncall.rota.model import Crowd, Gap, Layer, OnCall, Override, Restriction, Rotation, Shift
from oncall.rota.spans import Stretches, common, joined, without
from oncall.rota.turns import deserted, planned_off, windows_of
from oncall.rota.wallclock import WallClock, to_naive

# Most schedules change within days; a longer look is taken only when the shorter one saw no change.
_LOOKS = (timedelta(days=3), timedelta(days=35), MAX_QUERY)


def final_shifts(
    rotations: Sequence[Layer],
    overrides: Sequence[Override],
    zone: ZoneInfo,
    start: datetime,
    end: datetime,
) -> list[Shift]:
    """Who is on call in [start, end): half-open rows in UTC, in order, disjoint, cut at the window.

    Time without anybody is left out; neighbours with the same people, source and rotation are one
    row. Raises InvalidWindow for a naive, reversed or longer window than 400 days and InvalidRota
    for a rotation or override that cannot be computed.
    """
    require_window(start, end)
    require_computable(rotations, overrides)
    return rows(rotations, overrides, zone, to_naive(start), to_naive(end))


def gaps(
    rotations: Sequence[Layer],
    overrides: Sequence[Override],
    zone: ZoneInfo,
    start: datetime,
    end: datetime,
    unstaffed: Sequence[Restriction] = (),
) -> list[Gap]:
    """The parts of [start, end) in which nobody is on call though somebody should be, in order.

    Time that is empty as planned is left out (see `planned_empty`). Errors as `final_shifts`.
    """
    return empty_times(rotations, overrides, zone, start, end, unstaffed).gaps


def planned_empty(
    rotations: Sequence[Layer],
    overrides: Sequence[Override],
    zone: ZoneInfo,
    start: datetime,
    end: datetime,
    unstaffed: Sequence[Restriction] = (),
) -> list[Gap]:
    """The parts of [start, end) in which nobody is on call, as planned, in order.

    Planned are the schedule's `unstaffed` hours; and turns that are null and holidays that a rotation
    skips, where no rotation serves before overrides and none has a turn whose people have left.
    """
    return empty_times(rotations, overrides, zone, start, end, unstaffed).planned


class EmptyTimes(NamedTuple):
    """When nobody is on call: against the plan, and as planned."""

    gaps: list[Gap]
    planned: list[Gap]


def empty_times(
    rotations: Sequence[Layer],
    overrides: Sequence[Override],
    zone: ZoneInfo,
    start: datetime,
    end: datetime,
    unstaffed: Sequence[Restriction] = (),
) -> EmptyTimes:
    """Both kinds of empty time of [start, end) at once. Errors as `final_shifts`."""
    require_window(start, end)
    require_computable(rotations, overrides)
    low, high = to_naive(start), to_naive(end)
    served = _times(rows(rotations, overrides, zone, low, high))
    empty = without([(low, high)], served) if low < high else []
    planned = common(empty, _planned(rotations, zone, low, high, unstaffed)) if empty else []
    return EmptyTimes(_gaps(without(empty, planned)), _gaps(planned))


def _planned(
    rotations: Sequence[Layer],
    zone: ZoneInfo,
    start: datetime,
    end: datetime,
    unstaffed: Sequence[Restriction],
) -> Stretches:
    clock = WallClock(zone, start, end)
    own = [row for row in rotations if isinstance(row, Rotation)]
    off = joined(time for row in own for time in planned_off(row, zone, clock, start, end))
    if off:
        off = without(off, _times(rows(rotations, (), zone, start, end)))
        off = without(off, joined(time for row in own for time in deserted(row, zone, clock, start, end)))
    return joined([*off, *windows_of(tuple(unstaffed), zone, start, end)])


def _times(shifts: list[Shift]) -> Stretches:
    return joined((to_naive(shift.start), to_naive(shift.end)) for shift in shifts)


def _gaps(stretches: Stretches) -> list[Gap]:
    return [Gap(start.replace(tzinfo=UTC), end.replace(tzinfo=UTC)) for start, end in stretches]


def crowds(rotations: Sequence[Layer], zone: ZoneInfo, start: datetime, end: datetime) -> list[Crowd]:
    """The parts of [start, end) in which rotations of equal layers put more than one turn on call.

    Only where they show through: what a higher layer hides is no concern. Errors as `final_shifts`.
    """
    require_window(start, end)
    require_computable(rotations, ())
    return crowds_of(rotations, zone, to_naive(start), to_naive(end))


def users_on_call(
    rotations: Sequence[Layer], overrides: Sequence[Override], zone: ZoneInfo, at: datetime
) -> tuple[int, ...]:
    """The sorted ids of who is on call at the instant `at`; empty in a gap. Errors as `on_call_at`."""
    require_instant(at, "at")
    require_computable(rotations, overrides)
    return _users_at(rotations, overrides, zone, to_naive(at))


def on_call_at(
    rotations: Sequence[Layer],
    overrides: Sequence[Override],
    zone: ZoneInfo,
    at: datetime,
    *,
    back: bool = True,
) -> OnCall:
    """Who is on call at the instant `at`, since when, until when, and who is next.

    Without `back` it does not look for since when, which is None then. Raises InvalidWindow (field `at`) for
    a naive instant, InvalidRota for what cannot be computed.
    """
    require_instant(at, "at")
    require_computable(rotations, overrides)
    moment = to_naive(at)
    for look in _LOOKS:
        coming = rows(rotations, overrides, zone, moment, moment + look)
        users = coming[0].users if coming and to_naive(coming[0].start) == moment else ()
        ahead = _ahead(coming, users, moment, moment + look)
        if ahead.settled:
            break
    since: datetime | None = None
    for look in _LOOKS if back else ():
        since = _since(rows(rotations, overrides, zone, moment - look, moment), users, moment, moment - look)
        if since is not None:
            break
    return OnCall(users, since, ahead.until, ahead.next)


class _Ahead(NamedTuple):
    until: datetime | None
    next: Shift | None
    settled: bool


def _users_at(
    rotations: Sequence[Layer], overrides: Sequence[Override], zone: ZoneInfo, moment: datetime
) -> tuple[int, ...]:
    found = rows(rotations, overrides, zone, moment, moment + timedelta(microseconds=1))
    return found[0].users if found else ()


def _since(past: list[Shift], users: tuple[int, ...], moment: datetime, horizon: datetime) -> datetime | None:
    """When the set `users` came on, from the rows before `moment`; None when not after `horizon`."""
    since = moment.replace(tzinfo=UTC)
    if not users:
        return past[-1].end if past else None
    for shift in reversed(past):
        if shift.end != since or shift.users != users:
            break
        since = shift.start
    return since if since > horizon.replace(tzinfo=UTC) else None


def _ahead(coming: list[Shift], users: tuple[int, ...], moment: datetime, horizon: datetime) -> _Ahead:
    """When the set `users` goes off and who follows, from the rows after `moment`."""
    until = moment.replace(tzinfo=UTC)
    position = 0
    while users and position < len(coming):
        if coming[position].start != until or coming[position].users != users:
            break
        until = coming[position].end
        position += 1
    last = horizon.replace(tzinfo=UTC)
    following = coming[position] if position < len(coming) else None
    if not users:
        until = following.start if following else last
    settled = following is not None and following.end < last
    return _Ahead(until if until < last else None, following, settled)

"""Layers and overrides together: the final rows.

Order: layers, take_over, replace, remove, add. All instants here are naive UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from operator import attrgetter, itemgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from oncall.rota.model import Override, Rotation, Shift, Source
from oncall.rota.turns import served
from oncall.rota.wallclock import WallClock, to_naive

_ENDS, _BEGINS = 0, 1


class Outcome(NamedTuple):
    """Who serves and why, at any one instant."""

    users: tuple[int, ...]
    source: Source
    rotation_id: int | str | None


_NOBODY = Outcome((), "rotation", None)


def rows(
    rotations: Sequence[Rotation],
    overrides: Sequence[Override],
    zone: ZoneInfo,
    start: datetime,
    end: datetime,
) -> list[Shift]:
    """Rows in [start, end) (naive UTC), in order and disjoint; neighbours that say the same are one."""
    if start >= end:
        return []
    ordered = sorted(overrides, key=attrgetter("created"))
    edges = _edges(rotations, ordered, zone, start, end)
    serving: list[tuple[int, ...]] = [()] * len(rotations)
    active: frozenset[int] = frozenset()
    known: dict[tuple[tuple[tuple[int, ...], ...], frozenset[int]], Outcome] = {}
    found: list[tuple[datetime, datetime, Outcome]] = []
    previous, outcome, stale = start, _NOBODY, False
    for at, side, index, users in edges:
        if at > previous:
            if stale:
                key = (tuple(serving), active)
                if key not in known:
                    known[key] = _outcome(rotations, key[0], [ordered[i] for i in sorted(active)])
                outcome, stale = known[key], False
            _append(found, previous, at, outcome)
            previous = at
        if users is None:
            active = active | {index} if side == _BEGINS else active - {index}
        else:
            serving[index] = users
        stale = True
    return [
        Shift(begins.replace(tzinfo=UTC), ends.replace(tzinfo=UTC), *outcome)
        for begins, ends, outcome in found
    ]


def _edges(
    rotations: Sequence[Rotation],
    overrides: Sequence[Override],
    zone: ZoneInfo,
    start: datetime,
    end: datetime,
) -> list[tuple[datetime, int, int, tuple[int, ...] | None]]:
    """(instant, ends or begins, index, users of a rotation's span or None for an override), in order."""
    clock = WallClock(zone, start, end)
    edges: list[tuple[datetime, int, int, tuple[int, ...] | None]] = []
    for index, rotation in enumerate(rotations):
        for begins, ends, users in served(rotation, zone, clock, start, end):
            edges.append((begins, _BEGINS, index, users))
            edges.append((ends, _ENDS, index, ()))
    for index, override in enumerate(overrides):
        begins, ends = max(to_naive(override.starts_at), start), min(to_naive(override.ends_at), end)
        if begins < ends:
            edges.append((begins, _BEGINS, index, None))
            edges.append((ends, _ENDS, index, None))
    edges.sort(key=itemgetter(0, 1))
    return edges


def _append(
    found: list[tuple[datetime, datetime, Outcome]], start: datetime, end: datetime, outcome: Outcome
) -> None:
    if not outcome.users:
        return
    if found and found[-1][1] == start and found[-1][2] == outcome:
        found[-1] = (found[-1][0], end, outcome)
    else:
        found.append((start, end, outcome))


def _outcome(
    rotations: Sequence[Rotation], serving: tuple[tuple[int, ...], ...], overrides: Sequence[Override]
) -> Outcome:
    """The rules for one instant: what each rotation puts on call, then the overrides (oldest first)."""
    planned = _layers(rotations, serving)
    users = set(planned.users)
    taken = [override.user for override in overrides if override.kind == "take_over"]
    if taken and taken[-1] is not None:
        users = {taken[-1]}
    for replaced, user in _replacements(overrides):
        if replaced in users:
            users = (users - {replaced}) | {user}
    users -= {override.replaces for override in overrides if override.kind == "remove"}
    users |= {override.user for override in overrides if override.kind == "add" and override.user is not None}
    final = tuple(sorted(users))
    if final == planned.users and not taken:
        return planned
    return Outcome(final, "override", None)


def _layers(rotations: Sequence[Rotation], serving: tuple[tuple[int, ...], ...]) -> Outcome:
    busy = [(rotation, users) for rotation, users in zip(rotations, serving, strict=True) if users]
    if not busy:
        return _NOBODY
    top = max(rotation.layer for rotation, _users in busy)
    seen = [(rotation, users) for rotation, users in busy if rotation.layer == top]
    if len(seen) == 1:
        return Outcome(seen[0][1], "rotation", seen[0][0].id)
    return Outcome(tuple(sorted({user for _rotation, users in seen for user in users})), "rotation", None)


def _replacements(overrides: Sequence[Override]) -> list[tuple[int, int]]:
    """(replaced, user) in order of creation, only the newest for each replaced person.

    In order, because somebody who stands in may be replaced in turn by a later override.
    """
    newest: dict[int, int] = {}
    for override in overrides:
        if override.kind == "replace" and override.replaces is not None and override.user is not None:
            newest.pop(override.replaces, None)
            newest[override.replaces] = override.user
    return list(newest.items())

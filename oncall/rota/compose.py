"""Layers and overrides together: the final rows.

Order: layers, take_over, replace, remove, add. All instants here are naive UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from operator import attrgetter, itemgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from oncall.rota.model import Crowd, Layer, Override, Shift, Source
from oncall.rota.turns import served
from oncall.rota.wallclock import WallClock, to_naive

_ENDS, _BEGINS = 0, 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Outcome(NamedTuple):
    """Who serves and why, at any one instant."""

    users: tuple[int, ...]
    source: Source
    rotation_id: int | str | None


_NOBODY = Outcome((), "rotation", None)


def rows(
    rotations: Sequence[Layer],
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
    return _shifts(found)


def _shifts(found: list[tuple[datetime, datetime, Outcome]]) -> list[Shift]:
    shifts: list[Shift] = []
    previous: datetime | None = None
    at = _EPOCH
    for begins, ends, outcome in found:
        # Most rows begin where the last one ended, and making an instant is what takes time here.
        start = at if begins is previous else begins.replace(tzinfo=UTC)
        previous, at = ends, ends.replace(tzinfo=UTC)
        shifts.append(Shift(start, at, *outcome))
    return shifts


def crowds(layers: Sequence[Layer], zone: ZoneInfo, start: datetime, end: datetime) -> list[Crowd]:
    """Where more than one of the layers that show through serves in [start, end) (naive UTC)."""
    if start >= end:
        return []
    serving: list[tuple[int, ...]] = [()] * len(layers)
    found: list[Crowd] = []
    previous = start
    for at, _side, index, users in _edges(layers, (), zone, start, end):
        if at > previous:
            _add_crowd(found, previous, at, _showing(layers, serving))
            previous = at
        serving[index] = users or ()
    return found


def _add_crowd(
    found: list[Crowd], start: datetime, end: datetime, seen: list[tuple[Layer, tuple[int, ...]]]
) -> None:
    if len(seen) < 2:
        return
    ids = tuple(layer.id for layer, _users in seen)
    users = tuple(sorted({user for _layer, users in seen for user in users}))
    crowd = Crowd(start.replace(tzinfo=UTC), end.replace(tzinfo=UTC), ids, users)
    last = found[-1] if found else None
    if last and (last.end, last.rotation_ids, last.users) == (crowd.start, ids, users):
        found[-1] = Crowd(last.start, crowd.end, ids, users)
    else:
        found.append(crowd)


def _edges(
    rotations: Sequence[Layer],
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
    rotations: Sequence[Layer], serving: tuple[tuple[int, ...], ...], overrides: Sequence[Override]
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


def _layers(layers: Sequence[Layer], serving: Sequence[tuple[int, ...]]) -> Outcome:
    seen = _showing(layers, serving)
    if not seen:
        return _NOBODY
    if len(seen) == 1:
        return Outcome(seen[0][1], "rotation", seen[0][0].id)
    return Outcome(tuple(sorted({user for _layer, users in seen for user in users})), "rotation", None)


def _showing(
    layers: Sequence[Layer], serving: Sequence[tuple[int, ...]]
) -> list[tuple[Layer, tuple[int, ...]]]:
    """The layers that serve and are hidden by none above, with whom they put on call."""
    busy = [(layer, users) for layer, users in zip(layers, serving, strict=True) if users]
    if len(busy) < 2:
        return busy
    top = max(layer.layer for layer, _users in busy)
    return [(layer, users) for layer, users in busy if layer.layer == top]


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

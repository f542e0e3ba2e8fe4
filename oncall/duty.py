"""Who comes next in schedules, and who is in them at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from oncall import rota
from oncall.loading import load
from oncall.models import Schedule


@dataclass(frozen=True)
class Duty:
    """Of one schedule: who is on call next and from when, and everybody in rotations that still serve."""

    next: list[int]
    next_start: dt.datetime | None
    everyone: list[int]


def duty(schedules: Sequence[Schedule], at: dt.datetime) -> dict[int, Duty]:
    """Schedule id → who is next after `at` and who is in the rotations; a fixed number of statements."""
    found: dict[int, Duty] = {}
    for pk, item in load(schedules, start=at, end=at + rota.MAX_QUERY).items():
        following = rota.on_call_at(item.rotations, item.overrides, item.zone, at, back=False).next
        wall = at.astimezone(item.zone).replace(tzinfo=None)
        members = {user for layer in item.rotations for user in _members(layer, wall)}
        found[pk] = Duty(
            next=list(following.users) if following else [],
            next_start=following.start if following else None,
            everyone=sorted(members),
        )
    return found


def _members(layer: rota.Layer, wall: dt.datetime) -> Iterator[int]:
    """Everybody a layer that has not ended at this wall time puts on call, again for each turn."""
    if isinstance(layer, rota.FixedLayer):
        yield from (stretch.user for stretch in layer.stretches)
    elif layer.ends_at is None or layer.ends_at > wall:
        yield from (user for turn in layer.members for user in turn or ())

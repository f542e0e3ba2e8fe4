"""What was changed near a service, ranked: near in time, and near in the graph."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from services.graph import store
from services.models import ChangeEvent
from services.selectors.walks import hidden, team_slugs
from teams.actor import Actor

# A change this long before the start weighs half as much as one at the start.
HALF_LIFE = dt.timedelta(minutes=30)
# What came after the start can hardly be its cause, but may be a failed repair.
_AFTER = 0.25
_MOST = 300


@dataclass(frozen=True)
class NearChange:
    """A change, `hops` away upstream (0: the service itself). `weight` 0..1: how likely it has to do with it.
    `before`: how long before the start, negative when after."""

    change: ChangeEvent
    hops: int
    weight: float
    before: dt.timedelta


def near_changes(
    service_ids: Collection[int],
    actor: Actor,
    *,
    start: dt.datetime,
    since: dt.datetime,
    until: dt.datetime,
    limit: int = 50,
) -> list[NearChange]:
    """Changes in [since, until] of these services and of all they need, the likeliest first: four statements."""
    if not service_ids:
        return []
    far = upstream_of(service_ids, actor)
    rows = ChangeEvent.objects.visible_to(actor).filter(
        service_id__in=far, happened_at__gte=since, happened_at__lte=until
    )
    found = [_near(row, far, start) for row in rows.select_related("service__team")[:_MOST]]
    return sorted(found, key=lambda each: (-each.weight, -each.change.happened_at.timestamp()))[:limit]


def upstream_of(service_ids: Collection[int], actor: Actor) -> dict[int, int]:
    """Id → hops, of these services (0) and of everything they need, as far as the actor sees it."""
    present = store.current()
    unseen = hidden(present, team_slugs(actor), actor)
    far: dict[int, int] = {}
    for start in service_ids:
        for row in present.suspects(start, hidden=unseen):
            far[row.node.id] = min(row.depth, far.get(row.node.id, row.depth))
    return far | dict.fromkeys(service_ids, 0)


def _near(row: ChangeEvent, far: Mapping[int, int], start: dt.datetime) -> NearChange:
    before, hops = start - row.happened_at, far[row.service_id]
    return NearChange(row, hops, weight_of(before, hops), before)


def weight_of(before: dt.timedelta, hops: int) -> float:
    """Halves with each half hour before the start and with each hop; a quarter for what came afterwards."""
    if before < dt.timedelta(0):
        return _AFTER * 0.5 ** (-before / HALF_LIFE) * 0.5**hops
    return 0.5 ** (before / HALF_LIFE) * 0.5**hops

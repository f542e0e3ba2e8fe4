"""How every service does now, from the open incidents and the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from services import hooks
from services.graph import HARD, Graph, store
from services.hooks import OpenIncident
from services.selectors.walks import hidden, team_slugs
from teams.actor import Actor

FAILING, HIT, DEGRADED = "failing", "hit", "degraded"


class Health(NamedTuple):
    """`state`: failing (an open incident of its own), hit (needs a failing one) or degraded (would rather have it).

    `incidents`: of the service itself, or of the nearest failing one, whose id is `origin`, `depth` hops away.
    """

    state: str
    origin: int
    depth: int
    incidents: tuple[OpenIncident, ...]


def health(actor: Actor) -> dict[int, Health]:
    """Service id → how it does, of all services that are not well as far as the actor sees: at most five statements.

    Drills count for nothing.
    """
    opened = real(hooks.open_incidents(None, actor))
    if not opened:
        return {}
    present = store.current()
    unseen = hidden(present, team_slugs(actor), actor)
    return spread(present, shown(present, opened, unseen), unseen)


def shown(
    present: Graph, opened: Mapping[int, list[OpenIncident]], unseen: frozenset[int]
) -> dict[int, list[OpenIncident]]:
    """Those of services that are seen: an incident may be known where one of its services is not."""
    place = present.place
    return {pk: rows for pk, rows in opened.items() if pk in place and place[pk] not in unseen}


def real(opened: Mapping[int, list[OpenIncident]]) -> dict[int, list[OpenIncident]]:
    """The incidents that are no drills, of services that are not said to work."""
    found = {
        pk: [row for row in rows if not row.drill and row.condition != "operational"]
        for pk, rows in opened.items()
    }
    return {pk: rows for pk, rows in found.items() if rows}


def spread(
    present: Graph, opened: Mapping[int, list[OpenIncident]], unseen: frozenset[int]
) -> dict[int, Health]:
    """The failing services and all that they hit."""
    found = {pk: Health(FAILING, pk, 0, tuple(rows)) for pk, rows in opened.items()}
    for pk, hit in present.spread(opened, hidden=unseen).items():
        state = HIT if hit.kind == HARD else DEGRADED
        found[pk] = Health(state, hit.origin, hit.depth, tuple(opened[hit.origin]))
    return found

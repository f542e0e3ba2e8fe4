"""Walks over the graph as one actor sees it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from services import graph
from services.graph import store
from services.models import Service
from teams.actor import Actor
from teams.models import Team


@dataclass(frozen=True)
class Walk:
    """The answer of a walk: rows nearest first; `cycles`: groups met, each as slugs in order."""

    service: Service
    rows: list[graph.Reached]
    cycles: list[list[str]]
    team_slugs: dict[int, str]
    slugs: dict[int, str]

    @property
    def counts_by_tier(self) -> dict[str, int]:
        found = Counter(row.node.tier for row in self.rows)
        return {str(tier): found[tier] for tier in sorted(found)}

    @cached_property
    def teams(self) -> list[str]:
        """Slugs of the owning teams."""
        ids = {row.node.team_id for row in self.rows}
        return sorted(slug for pk, slug in self.team_slugs.items() if pk in ids)

    def path(self, row: graph.Reached) -> list[str]:
        """The slugs from the service to the row."""
        return [self.slugs[pk] for pk in row.path]


def blast_radius(service: Service, actor: Actor) -> Walk:
    """Who suffers if the service fails: two statements, and two more after a change of the graph."""
    return _walk(service, actor, downwards=True)


def suspects(service: Service, actor: Actor) -> Walk:
    """What the service stands on."""
    return _walk(service, actor, downwards=False)


def hidden(present: graph.Graph, teams: dict[int, str], actor: Actor) -> frozenset[int]:
    """Positions of services the actor does not see; `teams`: the visible ones. The rule of `ServiceQuerySet`."""
    if actor.is_admin and actor.bound_team_id is None:
        return frozenset()
    open_to_all = actor.bound_team_id is None
    return frozenset(
        position
        for position, node in enumerate(present.nodes)
        if (node.team_id not in teams if node.team_id is not None else not open_to_all)
    )


def team_slugs(actor: Actor) -> dict[int, str]:
    """Id → slug of the teams the actor sees: one statement."""
    return dict(Team.objects.visible_to(actor).values_list("pk", "slug"))


def _walk(service: Service, actor: Actor, *, downwards: bool) -> Walk:
    present, teams = store.current(), team_slugs(actor)
    unseen = hidden(present, teams, actor)
    walk = present.blast_radius if downwards else present.suspects
    rows = walk(service.pk, hidden=unseen)
    place, nodes = present.place, present.nodes
    met = {place[row.node.id] for row in rows} | {place.get(service.pk, -1)}
    cycles = [
        [nodes[position].slug for position in circle]
        for circle in present.circles_seen(unseen)
        if not met.isdisjoint(circle)
    ]
    slugs = {row.node.id: row.node.slug for row in rows} | {service.pk: service.slug}
    return Walk(service, rows, sorted(cycles), teams, slugs)

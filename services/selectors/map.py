"""The dependency map as one actor sees it: the graph to draw, and how services do now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Q

from core.templatetags._markup import hue_of
from services import hooks
from services.choices import Lifecycle, layer_of
from services.graph import Graph, Node, store
from services.hooks import OpenIncident
from services.models import Service, System
from services.selectors.health import FAILING, Health, real, shown, spread
from services.selectors.walks import hidden
from teams.actor import Actor
from teams.models import Team


class Owner(NamedTuple):
    """A team as the map names it; has what the team component reads."""

    id: int
    slug: str
    name: str


class Condition(NamedTuple):
    """A service that is not well. `chain`: from it along what it needs to the failing one; itself alone when failing.

    `incident`: the worst open one of the failing service.
    """

    state: str
    depth: int
    origin: Node
    incident: OpenIncident
    chain: tuple[Node, ...]


@dataclass(frozen=True)
class Seen:
    """The present graph, which positions the actor does not see, the teams he sees, and how services do."""

    graph: Graph
    unseen: frozenset[int]
    teams: Mapping[int, Owner]
    health: Mapping[int, Health]

    @cached_property
    def positions(self) -> list[int]:
        """The visible ones, by slug."""
        return [position for position in range(len(self.graph.nodes)) if position not in self.unseen]

    def needs(self, position: int) -> list[int]:
        return [other for other in self.graph.needs[position] if other not in self.unseen]

    def needed_by(self, position: int) -> list[int]:
        return [other for other in self.graph.needed_by[position] if other not in self.unseen]

    def find(self, slug: str) -> Node | None:
        """The visible service of this slug."""
        nodes = self.graph.nodes
        return next((nodes[position] for position in self.positions if nodes[position].slug == slug), None)

    def condition(self, node: Node) -> Condition | None:
        found = self.health.get(node.id)
        if found is None:
            return None
        chain = self._chain(node)
        return Condition(found.state, found.depth, chain[-1], worst(found.incidents), chain)

    @cached_property
    def troubled(self) -> frozenset[int]:
        """Ids of what the open incidents concern: failing services, whom they hit, and what they stand on."""
        failing = [pk for pk, row in self.health.items() if row.state == FAILING]
        above = {row.node.id for pk in failing for row in self.graph.suspects(pk, hidden=self.unseen)}
        return frozenset(above | set(self.health))

    def _chain(self, node: Node) -> tuple[Node, ...]:
        """One step nearer to the origin each time; hard edges first, then by slug."""
        place, nodes, steps = self.graph.place, self.graph.nodes, [node]
        while (here := self.health[steps[-1].id]).depth:
            position = place[steps[-1].id]
            hard = set(self.graph.hard_needs[position])
            near = [
                other
                for other in self.needs(position)
                if (row := self.health.get(nodes[other].id)) is not None
                and (row.depth, row.origin) == (here.depth - 1, here.origin)
            ]
            steps.append(nodes[min(near, key=lambda other: (other not in hard, other))])
        return tuple(steps)


def seen(actor: Actor) -> Seen:
    """Three statements: the graph's mark, teams and open incidents; two more after a change of the graph."""
    present = store.current()
    teams = {row[0]: Owner(*row) for row in Team.objects.visible_to(actor).values_list("pk", "slug", "name")}
    unseen = hidden(present, {pk: owner.slug for pk, owner in teams.items()}, actor)
    opened = shown(present, real(hooks.open_incidents(None, actor)), unseen)
    return Seen(present, unseen, teams, spread(present, opened, unseen) if opened else {})


def worst(incidents: tuple[OpenIncident, ...]) -> OpenIncident:
    """The gravest; unknown severities last, then the oldest."""
    return min(incidents, key=lambda row: (row.severity is None, row.severity or 0, row.number))


def drawing(actor: Actor) -> dict[str, Any]:
    """The visible graph: `nodes` by slug; `edges` flat, three whole numbers each: who needs, whom (both places in
    `nodes`), 1 when hard; `teams` and `systems` by slug. Four statements, two more after a change of the graph."""
    present = store.current()
    teams = list(Team.objects.visible_to(actor).values_list("pk", "slug", "name"))
    slugs = {pk: slug for pk, slug, _name in teams}
    unseen = hidden(present, slugs, actor)
    systems = {pk: row for pk, *row in System.objects.visible_to(actor).values_list("pk", "slug", "name")}
    special = Service.objects.filter(Q(system__isnull=False) | ~Q(lifecycle=Lifecycle.PRODUCTION))
    more = {pk: row for pk, *row in special.order_by().values_list("pk", "lifecycle", "system_id")}
    nodes: list[dict[str, Any]] = []
    index = [-1] * len(present.nodes)
    for position, node in enumerate(present.nodes):
        if position in unseen:
            continue
        index[position] = len(nodes)
        lifecycle, system = more.get(node.id, (Lifecycle.PRODUCTION, None))
        nodes.append(
            {
                "id": node.slug,
                "name": node.name,
                "kind": node.kind,
                "layer": int(layer_of(node.kind)),
                "tier": node.tier,
                "team": slugs.get(node.team_id or 0, ""),
                "lifecycle": lifecycle,
                "system": systems[system][0] if system in systems else "",
            }
        )
    owning = {node["team"] for node in nodes}
    used = {node["system"] for node in nodes}
    return {
        "nodes": nodes,
        "edges": _edges(present, index),
        "teams": {slug: {"name": name, "hue": hue_of(pk)} for pk, slug, name in teams if slug in owning},
        "systems": {slug: {"name": name} for slug, name in systems.values() if slug in used},
    }


def _edges(present: Graph, index: list[int]) -> list[int]:
    flat: list[int] = []
    for position, needs in enumerate(present.needs):
        here = index[position]
        if here < 0:
            continue
        hard = set(present.hard_needs[position])
        for other in needs:
            there = index[other]
            if there >= 0:
                flat += (here, there, 1 if other in hard else 0)
    return flat


def states(actor: Actor) -> dict[str, dict[str, Any]]:
    """Slug → how a service does that is not well; `depth` in hops from `origin`, the slug of the failing one."""
    now = seen(actor)
    nodes, place = now.graph.nodes, now.graph.place
    found = {}
    for pk, row in now.health.items():
        incident = worst(row.incidents)
        found[nodes[place[pk]].slug] = {
            "state": row.state,
            "depth": row.depth,
            "origin": nodes[place[row.origin]].slug,
            "incident": {
                "number": incident.number,
                "title": incident.title,
                "severity": incident.severity,
                "url": incident.url_path,
            },
        }
    return found

"""Where an incident stands in the catalog: who suffers, the likely cause, what it stands on that is not well."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from incidents import hooks
from incidents.choices import ImpactCondition, Role
from incidents.models import ImpactRow, Incident, IncidentService
from oncall.selectors import paged_now, policy_ids_of
from services import graph
from services import hooks as catalog
from services.choices import VendorIndicator
from services.graph import Node, Reached, store
from services.hooks import OpenIncident
from services.models import Service, Vendor
from services.selectors.health import real
from services.selectors.walks import hidden, team_slugs
from teams.actor import Actor
from teams.models import User

MOST_PROPOSALS = 8
MOST_UPSTREAM = 6
MOST_EXPERTS = 6
_TROUBLE = (VendorIndicator.MINOR, VendorIndicator.MAJOR, VendorIndicator.CRITICAL)


@dataclass(frozen=True)
class Proposal:
    """A service that suffers and has no impact row yet. `path`: from the failing one to it."""

    reached: Reached
    path: list[Node]
    condition: str


@dataclass(frozen=True)
class Link:
    """`symptom` is likely one of `cause`; one of them belongs to the other `incident`. `came_first`: `graph.Cause`."""

    symptom: Node
    cause: Node
    came_first: bool | None
    incident: OpenIncident | None = None


@dataclass(frozen=True)
class Upstream:
    """Something it stands on that is not well: an open incident there, or what a vendor says of itself."""

    node: Node
    depth: int
    incidents: list[OpenIncident]
    vendor: Vendor | None


@dataclass(frozen=True)
class Knows:
    """Whom the policy of a service would page first; `called`: all of them are experts in the incident already."""

    service: Service
    users: list[User]
    whole_team: bool
    called: bool


@dataclass(frozen=True)
class Bearing:
    """All of it. `cause`: the service here that likely brought the others down. `common`: services without an alert
    that all failing ones here need. `counts`: how many suffer, by tier."""

    cause: Node | None = None
    cause_first: bool | None = None
    explains: list[Node] = field(default_factory=list)
    symptom_of: list[Link] = field(default_factory=list)
    brings: list[Link] = field(default_factory=list)
    common: list[Node] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
    suffering: int = 0
    counts: list[tuple[int, int]] = field(default_factory=list)
    teams: int = 0
    upstream: list[Upstream] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        told = (self.cause, self.symptom_of, self.brings, self.common, self.suffering, self.upstream)
        return not any(told)


def bearing(incident: Incident, rows: list[IncidentService], actor: Actor) -> Bearing:
    """What the graph says, as far as the actor sees it: at most seven statements."""
    own = {row.service_id: row.condition for row in rows if row.condition != ImpactCondition.OPERATIONAL}
    if not own:
        return Bearing()
    present, teams = store.current(), team_slugs(actor)
    unseen = hidden(present, teams, actor)
    seen = {node.id for position, node in enumerate(present.nodes) if position not in unseen}
    own = {pk: condition for pk, condition in own.items() if pk in seen}
    opened = real(catalog.open_incidents(None, actor))
    first = hooks.first_alerts({*own, *opened})
    failing = {pk: first.get(pk) for pk in {*own, *opened} & seen}
    reading = graph.read(present, failing, hidden=unseen)
    reached = _reached(present, own, unseen)
    counts = Counter(row.node.tier for row in reached.values())
    return Bearing(
        **_causes(present, reading, own, opened, incident.number),
        common=[_node(present, pk) for pk in graph.read(present, _of(failing, own), hidden=unseen).common],
        proposals=_proposals(present, incident, own, reached),
        suffering=len(reached),
        counts=sorted(counts.items()),
        teams=len({row.node.team_id for row in reached.values() if row.node.team_id}),
        upstream=_upstream(present, own, opened, unseen),
    )


def _of(failing: Mapping[int, dt.datetime | None], own: Mapping[int, str]) -> dict[int, dt.datetime | None]:
    return {pk: at for pk, at in failing.items() if pk in own}


def _node(present: graph.Graph, pk: int) -> Node:
    return present.nodes[present.place[pk]]


def _causes(
    present: graph.Graph,
    reading: graph.Reading,
    own: Mapping[int, str],
    opened: Mapping[int, list[OpenIncident]],
    number: int,
) -> dict[str, Any]:
    """Cause and symptoms: here, of others, in others."""
    came_first = {cause.node: cause.came_first for cause in reading.causes}

    def other(pk: int) -> OpenIncident | None:
        return next((row for row in opened.get(pk, ()) if row.number != number), None)

    links = [
        Link(_node(present, symptom), _node(present, cause), came_first.get(cause), incident)
        for symptom, cause in reading.symptom_of.items()
        if symptom in own and cause not in own and (incident := other(cause))
    ]
    brings = [
        Link(_node(present, symptom), _node(present, cause), came_first.get(cause), incident)
        for symptom, cause in reading.symptom_of.items()
        if cause in own and symptom not in own and (incident := other(symptom))
    ]
    here = [cause for cause in reading.causes if cause.node in own and set(cause.explains) & set(own)]
    best = here[0] if here else None
    return {
        "cause": _node(present, best.node) if best else None,
        "cause_first": best.came_first if best else None,
        "explains": [_node(present, pk) for pk in best.explains if pk in own] if best else [],
        "symptom_of": links,
        "brings": brings,
    }


def _reached(present: graph.Graph, own: Mapping[int, str], unseen: frozenset[int]) -> dict[int, Reached]:
    """Everything that suffers, by the nearest of the failing services; hard before soft."""
    found: dict[int, Reached] = {}
    for pk in own:
        for row in present.blast_radius(pk, hidden=unseen):
            held = found.get(row.node.id)
            if row.node.id not in own and (held is None or _nearer(row, held)):
                found[row.node.id] = row
    return found


def _nearer(row: Reached, held: Reached) -> bool:
    return (row.kind != graph.HARD, row.depth) < (held.kind != graph.HARD, held.depth)


def _proposals(
    present: graph.Graph, incident: Incident, own: Mapping[int, str], reached: Mapping[int, Reached]
) -> list[Proposal]:
    """Those without a row, gravest first: hard before soft, high tiers before low, near before far."""
    said = set(
        ImpactRow.objects.filter(incident=incident, service__in=reached).values_list("service", flat=True)
    )
    said |= {row.service_id for row in incident.service_rows.all()}
    rows = [row for pk, row in reached.items() if pk not in said]
    rows.sort(key=lambda row: (row.kind != graph.HARD, row.node.tier, row.depth, row.node.slug))
    return [
        Proposal(row, [_node(present, pk) for pk in row.path], _condition(row, own))
        for row in rows[:MOST_PROPOSALS]
    ]


def _condition(row: Reached, own: Mapping[int, str]) -> str:
    """Down only where a path of hard needs leads to something that is down."""
    down = row.path and own.get(row.path[0]) == ImpactCondition.UNAVAILABLE
    return ImpactCondition.UNAVAILABLE if down and row.kind == graph.HARD else ImpactCondition.DEGRADED


def _upstream(
    present: graph.Graph,
    own: Mapping[int, str],
    opened: Mapping[int, list[OpenIncident]],
    unseen: frozenset[int],
) -> list[Upstream]:
    far: dict[int, int] = {}
    for pk in own:
        for row in present.suspects(pk, hidden=unseen):
            if row.node.id not in own:
                far[row.node.id] = min(row.depth, far.get(row.node.id, row.depth))
    vendors = {row.service_id: row for row in Vendor.objects.filter(service__in=far, indicator__in=_TROUBLE)}
    found = [
        Upstream(_node(present, pk), depth, opened.get(pk, []), vendors.get(pk))
        for pk, depth in far.items()
        if pk in opened or pk in vendors
    ]
    return sorted(found, key=lambda row: (row.depth, row.node.slug))[:MOST_UPSTREAM]


def who_knows(
    incident: Incident, found: Bearing, rows: list[IncidentService], at: dt.datetime
) -> list[Knows]:
    """Who is on call now for the services here, then for the likely cause and what is not well upstream: by ownership.

    At most nine statements; services whose policy reaches nobody are left out.
    """
    wanted = [row.service_id for row in rows]
    nodes = [*([found.cause] if found.cause else []), *found.common, *(row.node for row in found.upstream)]
    ids = list(dict.fromkeys([*wanted, *(node.id for node in nodes)]))[:MOST_EXPERTS]
    services = {row.pk: row for row in Service.objects.filter(pk__in=ids).select_related("team")}
    policies = policy_ids_of({pk: (row.escalation_policy_id, row.team_id) for pk, row in services.items()})
    paged = paged_now(policies.values(), at)
    held = set(incident.role_rows.filter(role=Role.EXPERT, ended_at=None).values_list("user_id", flat=True))
    known = [(services[pk], paged.get(policies.get(pk, 0))) for pk in ids if pk in services]
    return [
        Knows(service, page.users, page.whole_team, held.issuperset(user.pk for user in page.users))
        for service, page in known
        if page is not None and page.users
    ]

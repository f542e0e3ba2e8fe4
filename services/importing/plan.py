"""What an import would do: plain data between `planning` and `applying`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from services.importing.catalog import Known
from services.importing.entities import Entity, Link, Problem

MAX_CHANGES = 500
MAX_FINDINGS = 500
MAX_PROBLEMS = 1_000
UPSTREAM = ":upstream"


@dataclass(slots=True, eq=False)
class Item:
    """An entity that is accepted, with its row if there is one.

    `writes`: new values by column; `container`: address of the new system, domain or parent when that changes, "" for
    none, None when it stays; `left`: the old one, which the actor may not see. `fields`: old and new as people
    read them. `links`: all of them when they change.
    """

    entity: Entity
    known: Known | None
    slug: str
    team_id: int | None = None
    row: Any = None
    writes: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    container: str | None = None
    left: Known | None = None
    links: list[Link] | None = None

    @property
    def changed(self) -> bool:
        return self.known is None or bool(self.fields)


class NewEdge(NamedTuple):
    downstream: str
    upstream: str
    kind: str
    note: str
    source: str


class OldEdge(NamedTuple):
    """An edge of the catalog, by addresses."""

    id: int
    downstream: str
    upstream: str
    kind: str
    note: str
    source: str


class EdgeChange(NamedTuple):
    old: OldEdge
    kind: str
    note: str


class Missing(NamedTuple):
    """A reference that leads nowhere: `service` is the address of who says it."""

    service: str
    kind: str
    reference: str
    edge_kind: str
    note: str
    source: str


class Finding(NamedTuple):
    """Something to know that is no fault: a cycle, a reference that leads nowhere, what is never imported."""

    kind: str
    message: str
    services: list[str]
    reference: str = ""


@dataclass(slots=True)
class Edges:
    """What happens to edges and to references that lead nowhere (by id: `missing_removed`, `missing_changed`).

    `missing`: all references of the file that lead nowhere, old and new.
    """

    added: list[NewEdge] = field(default_factory=list)
    changed: list[EdgeChange] = field(default_factory=list)
    removed: list[OldEdge] = field(default_factory=list)
    missing_added: list[Missing] = field(default_factory=list)
    missing_changed: list[tuple[int, Missing]] = field(default_factory=list)
    missing_removed: list[tuple[int, Missing]] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    # Services outside the file whose system has come: (address of the service, address of the system).
    systems_joined: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Plan:
    """`hidden`: addresses of services the actor does not see. What waited for the file joins them, and is not told."""

    source: str
    items: list[Item]
    edges: Edges
    problems: list[Problem]
    findings: list[Finding]
    hidden: frozenset[str] = frozenset()
    # What happens to each row that changes, in order: the wire shape of `changes`.
    changes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        created = sum(row["action"] == "created" for row in self.changes)
        touched = {(row["type"], row["slug"]) for row in self.changes}
        same = sum((item.entity.table, item.slug) not in touched for item in self.items)
        return {"created": created, "updated": len(self.changes) - created, "unchanged": same}

    @property
    def digest(self) -> str:
        """Tells this plan from one that would do something else."""
        text = json.dumps([self.changes, self.problems], sort_keys=True, default=str)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def edge_counts(self) -> tuple[int, int]:
        """Edges that come and go, of those that are told."""
        added = sum(len(row["edges_added"]) for row in self.changes)
        return added, sum(len(row["edges_removed"]) for row in self.changes)

    def edge_changes(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """(address of the downstream service, which list, entry) of each edge that comes, goes or changes."""
        for new in self.edges.added:
            if new.downstream in self.hidden:
                continue
            yield new.downstream, "edges_added", {"upstream": new.upstream, "kind": new.kind}
        for old in self.edges.removed:
            yield old.downstream, "edges_removed", {"upstream": old.upstream, "kind": old.kind}
        for change in self.edges.changed:
            entry = {"upstream": change.old.upstream, "kind": [change.old.kind, change.kind]}
            yield change.old.downstream, "edges_changed", entry

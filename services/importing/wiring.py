"""The edges of a file against those of the catalog, and the references that lead nowhere.

An edge belongs to who says it. `source` names the format, with `:upstream` behind it when the needed one says so
(`dependencyOf`, `providesApis`). An import changes and removes edges of its own format alone, said by entities of its
file; every other edge stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from django.db.models import Q

from services.choices import EdgeKind, ReferenceKind
from services.importing.catalog import Catalog, Resolver
from services.importing.entities import SERVICE, SYSTEM, Entity, Ref, Statement
from services.importing.joining import Names
from services.importing.plan import UPSTREAM, EdgeChange, Edges, Item, Missing, NewEdge, OldEdge
from services.models import DanglingReference, Dependency

Problem = Callable[[Entity, str, str], None]
Pair = tuple[str, str]


class _Wanted(NamedTuple):
    kind: str
    note: str | None
    source: str


def wire(
    catalog: Catalog,
    resolver: Resolver,
    items: Mapping[str, Mapping[str, Item]],
    owners_missing: set[str],
    problem: Problem,
) -> Edges:
    """What happens to edges and missing references. `owners_missing`: services whose owner nobody knows."""
    return _Wiring(catalog, resolver, items, problem).wire(owners_missing)


class _Wiring:
    def __init__(
        self,
        catalog: Catalog,
        resolver: Resolver,
        items: Mapping[str, Mapping[str, Item]],
        problem: Problem,
    ) -> None:
        self._catalog, self._resolver, self._problem = catalog, resolver, problem
        self._items, self._systems = items[SERVICE], items[SYSTEM]
        self._index = catalog.tables[SERVICE]
        self._wanted: dict[Pair, _Wanted] = {}
        self._missing: dict[tuple[str, str, str], Missing] = {}
        self._edges = Edges()

    def wire(self, owners_missing: set[str]) -> Edges:
        for item in self._items.values():
            for statement in item.entity.needs:
                self._state(item, statement, needs=True)
            for statement in item.entity.needed_by:
                self._state(item, statement, needs=False)
            system = item.entity.container
            if system is not None and self._resolver.find(SYSTEM, system) is None:
                self._miss(item, ReferenceKind.SYSTEM, system)
            if item.slug in owners_missing and item.entity.owner is not None:
                self._miss(item, ReferenceKind.OWNER, item.entity.owner)
        held = self._held()
        self._compare(held)
        self._compare_missing(held)
        return self._edges

    def _state(self, item: Item, statement: Statement, *, needs: bool) -> None:
        entity = item.entity
        slug = self._resolver.find(
            SERVICE, statement.ref, by_alias=entity.source != "backstage", own=item.slug
        )
        if slug is None:
            kind = ReferenceKind.NEEDS if needs else ReferenceKind.NEEDED_BY
            self._miss(item, kind, statement.ref, statement)
        elif slug == item.slug:
            self._problem(entity, statement.field, "Nothing can depend on itself.")
        elif needs:
            self._want((item.slug, slug), statement, entity.source)
        elif self._may_change(slug):
            self._want((slug, item.slug), statement, entity.source + UPSTREAM)
        else:
            self._problem(entity, statement.field, f"“{slug}” belongs to a team you do not manage.")

    def _may_change(self, slug: str) -> bool:
        if slug in self._items:
            return True
        return self._catalog.actor.manages(self._index.by_slug[slug].team_id)

    def _want(self, pair: Pair, statement: Statement, source: str) -> None:
        """The same pair twice is one edge: hard wins, and who needs goes before who is needed."""
        kind = EdgeKind.SOFT.value if statement.soft else EdgeKind.HARD.value
        before = self._wanted.get(pair)
        if before is not None:
            kind = kind if before.kind == EdgeKind.SOFT else before.kind
            source = min(source, before.source, key=len)
        note = statement.note or (before.note if before else statement.note)
        self._wanted[pair] = _Wanted(kind, note, source)

    def _miss(self, item: Item, kind: str, ref: Ref | None, statement: Statement | None = None) -> None:
        if ref is None:
            return
        key = (item.slug, str(kind), ref.text)
        soft = (
            statement is not None
            and statement.soft
            and (key not in self._missing or self._missing[key].edge_kind == EdgeKind.SOFT)
        )
        edge_kind = EdgeKind.SOFT.value if soft else EdgeKind.HARD.value
        note = (statement.note or "") if statement is not None else ""
        self._missing[key] = Missing(*key, edge_kind, note, item.entity.source)

    def _held(self) -> dict[Pair, OldEdge]:
        """Edges of the catalog that the file may be about."""
        ids = [item.known.id for item in self._items.values() if item.known]
        rows = Dependency.objects.filter(Q(downstream_id__in=ids) | Q(upstream_id__in=ids)).order_by("pk")
        by_id = self._index.by_id
        found: dict[Pair, OldEdge] = {}
        for pk, down, up, *rest in rows.values_list(
            "pk", "downstream_id", "upstream_id", "kind", "note", "source"
        ):
            downstream, upstream = by_id[down], by_id[up]
            # Whoever does not see both ends leaves the edge alone.
            if downstream.visible and upstream.visible:
                found[downstream.slug, upstream.slug] = OldEdge(pk, downstream.slug, upstream.slug, *rest)
        return found

    def _compare(self, held: Mapping[Pair, OldEdge]) -> None:
        for pair, wanted in self._wanted.items():
            old = held.get(pair)
            if old is None:
                self._edges.added.append(NewEdge(*pair, wanted.kind, wanted.note or "", wanted.source))
                continue
            note = old.note if wanted.note is None else wanted.note
            own = old.source.removesuffix(UPSTREAM) == wanted.source.removesuffix(UPSTREAM)
            if own and (old.kind, old.note) != (wanted.kind, note):
                self._edges.changed.append(EdgeChange(old, wanted.kind, note))
        for pair, old in held.items():
            teller = old.upstream if old.source.endswith(UPSTREAM) else old.downstream
            item = self._items.get(teller)
            said_here = item is not None and old.source.removesuffix(UPSTREAM) == item.entity.source
            if said_here and pair not in self._wanted and self._may_change(old.downstream):
                self._edges.removed.append(old)

    def _compare_missing(self, held: Mapping[Pair, OldEdge]) -> None:
        come = Names.of(
            (item.slug, item.entity.identities[0])
            for item in self._items.values()
            if item.known is None or "external_id" in item.writes
        )
        systems = Names.of((item.slug, item.entity.identities[0]) for item in self._systems.values())
        seen = set()
        for pk, row in self._present(bool(come.names or systems.names)):
            key = (row.service, row.kind, row.reference)
            item = self._items.get(row.service)
            if item is not None and key in self._missing:
                seen.add(key)
                wanted = self._missing[key]
                if row.source == wanted.source and row != wanted:
                    self._edges.missing_changed.append((pk, wanted))
            elif item is not None and row.source == item.entity.source:
                self._edges.missing_removed.append((pk, row))
            elif row.kind == ReferenceKind.SYSTEM:
                self._join_system(pk, row, systems)
            elif row.kind != ReferenceKind.OWNER:
                self._join(pk, row, come, held)
        self._edges.missing = list(self._missing.values())
        self._edges.missing_added += [row for key, row in self._missing.items() if key not in seen]

    def _present(self, something_comes: bool) -> Iterator[tuple[int, Missing]]:
        rows = DanglingReference.objects.order_by("pk")
        if not something_comes:
            rows = rows.filter(service_id__in=[item.known.id for item in self._items.values() if item.known])
        for pk, service_id, *rest in rows.values_list(
            "pk", "service_id", "kind", "reference", "edge_kind", "note", "source"
        ):
            yield pk, Missing(self._index.by_id[service_id].slug, *rest)

    def _join(self, pk: int, row: Missing, come: Names, held: Mapping[Pair, OldEdge]) -> None:
        """What waited for an entity of this file."""
        slug = come.find(row.reference)
        if slug is None or slug == row.service:
            return
        needs = row.kind == ReferenceKind.NEEDS
        # Nobody declares another team's dependencies, see `joining.join_dangling`.
        if not needs and not self._may_change(row.service):
            return
        pair = (row.service, slug) if needs else (slug, row.service)
        self._edges.missing_removed.append((pk, row))
        if pair not in self._wanted and pair not in held:
            source = row.source if needs else row.source + UPSTREAM
            self._wanted[pair] = _Wanted(row.edge_kind, row.note, source)
            self._edges.added.append(NewEdge(*pair, row.edge_kind, row.note, source))

    def _join_system(self, pk: int, row: Missing, systems: Names) -> None:
        slug = systems.find(row.reference)
        if slug is not None:
            self._edges.missing_removed.append((pk, row))
            self._edges.systems_joined.append((row.service, slug))

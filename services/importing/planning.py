"""Compares a file with the catalog as the actor sees it. Reads, never writes."""

from __future__ import annotations

from typing import Any

from django.utils.text import slugify

from services.actions.services import RESERVED_SLUGS
from services.choices import Lifecycle, ServiceKind, Tier
from services.importing import findings, wiring
from services.importing.catalog import MODELS, Catalog, Resolver
from services.importing.entities import CONTAINERS, DOMAIN, SERVICE, SYSTEM, Entity, Parsed, Problem
from services.importing.plan import Item, Plan
from services.models import ServiceLink
from teams.actor import Actor

NOT_YOURS = "It belongs to a team you do not manage."
TAKEN = "Another service has this address."
_TABLES = (DOMAIN, SYSTEM, SERVICE)
_DEFAULTS: dict[str, Any] = {
    "description": "",
    "kind": ServiceKind.SERVICE.value,
    "tier": Tier.STANDARD.value,
    "lifecycle": Lifecycle.PRODUCTION.value,
    "stands_alone": False,
    "labels": {},
    "annotations": {},
}
_KEPT_TYPE = "watchbill.dev/type"


def plan(actor: Actor, parsed: Parsed, *, lock: bool = False) -> Plan:
    """What importing `parsed` would do. `lock`: hold the rows it is about until the transaction ends."""
    return _Planner(actor, parsed, lock).plan()


class _Planner:
    def __init__(self, actor: Actor, parsed: Parsed, lock: bool) -> None:
        self._actor, self._parsed, self._lock = actor, parsed, lock
        self._catalog = Catalog(actor)
        self._resolver = Resolver(self._catalog)
        self._problems = list(parsed.problems)
        self._items: dict[str, dict[str, Item]] = {table: {} for table in _TABLES}

    def problem(self, entity: Entity, field: str, message: str) -> None:
        line = entity.line_of(field)
        self._problems.append(Problem(entity.document, line, entity.label, field, message))

    def plan(self) -> Plan:
        for entity in self._parsed.entities:
            self._match(entity)
        self._load_rows()
        services = self._items[SERVICE].values()
        owners_missing = {item.slug for item in services if self._is_missing_owner(item)}
        for table in _TABLES:
            for item in self._items[table].values():
                self._fill(item)
        self._parents()
        edges = wiring.wire(self._catalog, self._resolver, self._items, owners_missing, self.problem)
        index = self._catalog.tables[SERVICE]
        hidden = frozenset(row.slug for row in index.by_slug.values() if not row.visible)
        made = Plan(self._parsed.source, list(self._all()), edges, [], [], hidden)
        _tell_missing(made)
        made.changes = _changes(made)
        made.problems = sorted(self._problems, key=lambda row: (row.document, row.line))
        made.findings = findings.find(made, self._parsed, self._catalog)
        return made

    def _all(self) -> list[Item]:
        return [item for table in _TABLES for item in self._items[table].values()]

    def _match(self, entity: Entity) -> bool:
        """Find the row an entity is about, and whether the actor may change it."""
        index, taken = self._catalog.tables[entity.table], self._items[entity.table]
        known = index.by_slug.get(entity.slug) if entity.pinned else None
        if known is None:
            externals = index.by_external
            known = next((externals[each] for each in entity.identities if each in externals), None)
        if known is None and (found := index.by_slug.get(entity.slug)) is not None:
            if found.external_id and not entity.pinned:
                origin = f" It came as {found.external_id}." if found.visible else ""
                self.problem(entity, "metadata.name", f"{TAKEN}{origin}")
                return False
            known = found
        if known is not None and not known.visible:
            self.problem(entity, "metadata.name", TAKEN)
            return False
        slug = known.slug if known is not None else entity.slug
        if slug in taken:
            other = taken[slug].entity
            message = f"{other.label} of this file has the address “{slug}” (line {other.line})."
            self.problem(entity, "metadata.name", message)
            return False
        if known is None and not self._good_address(entity):
            return False
        item = Item(entity, known, slug)
        if not self._owned(item):
            return False
        taken[slug] = item
        self._resolver.add(entity.table, slug, entity.identities, entity.namespace, entity.aliases)
        return True

    def _good_address(self, entity: Entity) -> bool:
        slug = entity.slug
        if not slug or slugify(slug) != slug or len(slug) > 63:
            message = f"“{slug[:70]}” is no address: lower-case letters, digits and hyphens only, at most 63."
        elif slug == "new" or (entity.table == SERVICE and (slug.isdigit() or slug in RESERVED_SLUGS)):
            message = f"“{slug}” has a meaning already as an address; choose another name."
        else:
            return True
        self.problem(entity, "metadata.name", message)
        return False

    def _owned(self, item: Item) -> bool:
        """Set the team the row will have; False when the actor may not do that."""
        entity, known, actor = item.entity, item.known, self._actor
        if known is not None and not actor.manages(known.team_id):
            self.problem(entity, "", NOT_YOURS)
            return False
        item.team_id = known.team_id if known is not None else None
        if entity.owner is not None:
            team_id = self._catalog.team(entity.owner)
            if team_id is None:
                self.problem(entity, "spec.owner", f"There is no team “{entity.owner.name}”.")
                return actor.manages(None)
            if not actor.manages(team_id):
                self.problem(entity, "spec.owner", NOT_YOURS)
                return False
            item.team_id = team_id
        elif known is None and not actor.manages(None):
            self.problem(entity, "spec.owner", "Say an owner: a team you manage.")
            return False
        return True

    def _is_missing_owner(self, item: Item) -> bool:
        owner = item.entity.owner
        return owner is not None and item.team_id is None and self._catalog.team(owner) is None

    def _load_rows(self) -> None:
        for table in _TABLES:
            items = {item.known.id: item for item in self._items[table].values() if item.known}
            rows = MODELS[table].objects.filter(pk__in=list(items)).order_by("pk")
            if self._lock:
                rows = rows.select_for_update(of=("self",), no_key=True)
            for row in rows:
                items[row.pk].row = row

    def _fill(self, item: Item) -> None:
        """What changes of the row itself."""
        entity, row = item.entity, item.row
        values = dict(entity.values)
        if row is None:
            values = {**entity.defaults, **values}
        elif "annotations" in values and _KEPT_TYPE in row.annotations:
            # The word for a kind of ours says no more than the one that was kept.
            values["annotations"] = {_KEPT_TYPE: row.annotations[_KEPT_TYPE], **values["annotations"]}
        for name, value in values.items():
            old = _DEFAULTS.get(name) if row is None else getattr(row, name)
            if (old.strip() if name == "description" and old else old) != value:
                item.writes[name] = value
                item.fields[name] = (None if row is None else old, value)
        self._identify(item)
        before = item.known.team_id if item.known else None
        if item.team_id != before:
            item.writes["team_id"] = item.team_id
            slugs = self._catalog.team_slugs
            item.fields["team"] = (slugs.get(before or 0), slugs.get(item.team_id or 0))
        self._contain(item)
        if entity.table == SERVICE and entity.links is not None:
            self._link(item)

    def _identify(self, item: Item) -> None:
        external = item.entity.identities[0]
        if item.known is None:
            item.writes["external_id"] = external
        elif not item.known.external_id and not item.entity.pinned:
            item.writes["external_id"] = external
            item.fields["external_id"] = ("", external)

    def _contain(self, item: Item) -> None:
        """The system, domain or parent."""
        ref = item.entity.container
        if ref is None:
            return
        name, table = CONTAINERS[item.entity.table]
        slug = self._resolver.find(table, ref)
        if slug is None and table == DOMAIN:
            field = "spec.domain" if name == "domain" else "spec.subdomainOf"
            self.problem(item.entity, field, f"There is no domain “{ref.name}”.")
            return
        index = self._catalog.tables[table]
        held = index.by_id.get(getattr(item.row, f"{name}_id")) if item.row else None
        if slug != (held.slug if held else None):
            item.container = slug or ""
            item.left = held
            item.fields[name] = (held.slug if held and held.visible else None, slug)

    def _parents(self) -> None:
        """A domain never stands inside itself: who would is left where it is."""
        items, index = self._items[DOMAIN], self._catalog.tables[DOMAIN]
        above: dict[str, str | None] = {}
        if any(item.container for item in items.values()):
            for pk, parent in MODELS[DOMAIN].objects.values_list("pk", "parent_id"):
                above[index.by_id[pk].slug] = index.slug(parent)
        for item in items.values():
            if not item.container:
                continue
            step: str | None = item.container
            while step is not None and step != item.slug:
                step = above.get(step)
            if step is None:
                above[item.slug] = item.container
                continue
            item.container = None
            del item.fields["parent"]
            self.problem(item.entity, "spec.subdomainOf", "A domain cannot stand inside itself.")

    def _link(self, item: Item) -> None:
        wanted = [tuple(link) for link in item.entity.links or []]
        held = self._held_links().get(item.known.id, []) if item.known else []
        if wanted != held:
            item.links = item.entity.links
            item.fields["links"] = (
                None if item.row is None else [list(link) for link in held],
                [list(link) for link in wanted],
            )

    def _held_links(self) -> dict[int, list[tuple[str, str, str]]]:
        if not hasattr(self, "_links"):
            self._links: dict[int, list[tuple[str, str, str]]] = {}
            ids = [item.known.id for item in self._items[SERVICE].values() if item.known]
            rows = ServiceLink.objects.filter(service_id__in=ids).order_by("position", "pk")
            for pk, *link in rows.values_list("service_id", "kind", "title", "url"):
                self._links.setdefault(pk, []).append((link[0], link[1], link[2]))
        return self._links


def _tell_missing(made: Plan) -> None:
    """References that lead nowhere, come or go, among what changes of a service."""
    items = {item.slug: item for item in made.items if item.entity.table == SERVICE}
    texts: dict[str, tuple[list[str], list[str]]] = {}
    come = [*made.edges.missing_added, *(row for _pk, row in made.edges.missing_changed)]
    for side, rows in enumerate(([row for _pk, row in made.edges.missing_removed], come)):
        for row in rows:
            texts.setdefault(row.service, ([], []))[side].append(row.reference)
    for slug, (gone, now) in texts.items():
        if slug in items:
            items[slug].fields["missing"] = (sorted(gone), sorted(now))


def _changes(made: Plan) -> list[dict[str, Any]]:
    rows: dict[tuple[str, str], dict[str, Any]] = {}

    def row_of(table: str, slug: str, action: str = "updated") -> dict[str, Any]:
        blank = {"slug": slug, "type": table, "action": action, "fields": {}}
        return rows.setdefault(
            (table, slug), {**blank, "edges_added": [], "edges_removed": [], "edges_changed": []}
        )

    for item in made.items:
        if item.changed:
            row = row_of(item.entity.table, item.slug, "updated" if item.known else "created")
            row["fields"] = {name: list(pair) for name, pair in item.fields.items()}
    for slug, system in made.edges.systems_joined:
        if slug not in made.hidden:
            row_of(SERVICE, slug)["fields"]["system"] = [None, system]
    for slug, name, entry in made.edge_changes():
        row_of(SERVICE, slug)[name].append(entry)
    return list(rows.values())

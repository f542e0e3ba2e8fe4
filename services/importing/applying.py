"""Writes a plan in a few statements, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services import hooks
from services.choices import LinkKind, ServiceKind
from services.importing.catalog import MODELS
from services.importing.entities import CONTAINERS, DOMAIN, SERVICE, SYSTEM
from services.importing.plan import Item, Plan
from services.models import DanglingReference, Dependency, Service, ServiceLink, Vendor
from teams.actions.audit import Line, record_many
from teams.actor import Actor

_BATCH = 2_000
_CONTAINERS = {SERVICE: ("system", SYSTEM), SYSTEM: ("domain", DOMAIN), DOMAIN: ("parent", DOMAIN)}


def apply(actor: Actor, plan: Plan) -> None:
    """Write everything `plan` says, and the audit lines; nothing at all when it changes nothing."""
    if not (
        plan.changes or plan.edges.missing_removed or plan.edges.missing_added or plan.edges.missing_changed
    ):
        return
    _Writer(actor, plan).write()


class _Writer:
    def __init__(self, actor: Actor, plan: Plan) -> None:
        self._actor, self._plan = actor, plan
        self._ids: dict[str, dict[str, int]] = {}
        self._names: dict[tuple[str, str], tuple[str, int | None]] = {}

    def write(self) -> None:
        for table in (DOMAIN, SYSTEM, SERVICE):
            self._ids[table] = dict(MODELS[table].objects.order_by().values_list("slug", "pk"))
            items = [item for item in self._plan.items if item.entity.table == table]
            if table == DOMAIN:
                self._domains(items)
            else:
                self._rows(table, items)
        self._moved()
        self._links()
        self._vendors()
        self._edges()
        self._missing()
        self._audit()

    def _rows(self, table: str, items: list[Item], *, containers: bool = True) -> None:
        """New rows, and the changed columns of others."""
        model, (name, above) = MODELS[table], _CONTAINERS[table]
        new, old, columns = [], [], set()
        for item in items:
            values = dict(item.writes)
            if containers and item.container is not None:
                values[f"{name}_id"] = self._ids[above].get(item.container)
            if item.row is None:
                item.row = model(slug=item.slug, **values)
                new.append(item.row)
            elif values:
                for column, value in values.items():
                    setattr(item.row, column, value)
                columns |= set(values)
                old.append(item.row)
        model.objects.bulk_create(new, batch_size=_BATCH)
        self._ids[table] |= {row.slug: row.pk for row in new}
        self._update(model, old, columns)

    def _update(self, model: Any, rows: list[Any], columns: Iterable[str]) -> None:
        """All at once: an insert that meets the rows that are there is many times faster than an update of each."""
        names = sorted(
            column.removesuffix("_id") if column.endswith("_id") and column != "external_id" else column
            for column in columns
        )
        if rows and names:
            model.objects.bulk_create(
                rows, batch_size=_BATCH, update_conflicts=True, unique_fields=["id"], update_fields=names
            )

    def _domains(self, items: list[Item]) -> None:
        """Rows first: a domain may stand inside one that is new as well."""
        self._rows(DOMAIN, items, containers=False)
        moved = [item.row for item in items if item.container is not None]
        for item in items:
            if item.container is not None:
                item.row.parent_id = self._ids[DOMAIN].get(item.container)
        self._update(MODELS[DOMAIN], moved, ["parent_id"] if moved else [])

    def _moved(self) -> None:
        """What watches services that belong to another team now follows them."""
        items = [item for item in self._plan.items if item.entity.table == SERVICE and item.known is not None]
        hooks.moved([item.row.pk for item in items if "team_id" in item.writes])

    def _links(self) -> None:
        items = [item for item in self._plan.items if item.links is not None]
        old = [item.row.pk for item in items if item.known is not None]
        if old:
            ServiceLink.objects.filter(service_id__in=old).delete()
        rows = [
            ServiceLink(
                service_id=item.row.pk, kind=link.kind, title=link.title, url=link.url, position=position
            )
            for item in items
            for position, link in enumerate(item.links or [])
        ]
        ServiceLink.objects.bulk_create(rows, batch_size=_BATCH)

    def _vendors(self) -> None:
        rows = [
            Vendor(service_id=item.row.pk)
            for item in self._plan.items
            if item.entity.table == SERVICE and item.writes.get("kind") == ServiceKind.VENDOR
        ]
        Vendor.objects.bulk_create(rows, batch_size=_BATCH, ignore_conflicts=True)

    def _edges(self) -> None:
        edges, ids = self._plan.edges, self._ids[SERVICE]
        if edges.removed:
            Dependency.objects.filter(pk__in=[edge.id for edge in edges.removed]).delete()
        Dependency.objects.bulk_create(
            [
                Dependency(
                    downstream_id=ids[edge.downstream],
                    upstream_id=ids[edge.upstream],
                    kind=edge.kind,
                    note=edge.note,
                    source=edge.source,
                )
                for edge in edges.added
            ],
            batch_size=_BATCH,
        )
        if edges.changed:
            rows = Dependency.objects.in_bulk([change.old.id for change in edges.changed])
            for change in edges.changed:
                row = rows[change.old.id]
                row.kind, row.note = change.kind, change.note
            self._update(Dependency, list(rows.values()), ["kind", "note"])
        for service, system in edges.systems_joined:
            rows_of = Service.objects.filter(pk=ids[service], system=None)
            rows_of.update(system_id=self._ids[SYSTEM][system])

    def _missing(self) -> None:
        edges, ids = self._plan.edges, self._ids[SERVICE]
        if edges.missing_removed:
            DanglingReference.objects.filter(pk__in=[pk for pk, _row in edges.missing_removed]).delete()
        DanglingReference.objects.bulk_create(
            [
                DanglingReference(
                    service_id=ids[row.service],
                    kind=row.kind,
                    reference=row.reference,
                    edge_kind=row.edge_kind,
                    note=row.note,
                    source=row.source,
                )
                for row in edges.missing_added
            ],
            batch_size=_BATCH,
        )
        for pk, row in edges.missing_changed:
            DanglingReference.objects.filter(pk=pk).update(edge_kind=row.edge_kind, note=row.note)

    def _audit(self) -> None:
        """One line for each row that changes, one for the import."""
        plan, actor = self._plan, self._actor
        items = {(item.entity.table, item.slug): item for item in plan.items}
        others = [row["slug"] for row in plan.changes if (row["type"], row["slug"]) not in items]
        outside = {row.slug: row for row in Service.objects.filter(slug__in=others)}
        lines = []
        for change in plan.changes:
            key = (change["type"], change["slug"])
            row = items[key].row if key in items else outside[change["slug"]]
            before, after = self._told(change, items.get(key))
            data = {"source": plan.source, "before": before, "after": after}
            verb = "created" if change["action"] == "created" else "changed"
            lines.append(Line(verb, change["type"], row.pk, row.name, row.team_id, data))
        summary = {**plan.counts, "source": plan.source, "problems": len(plan.problems)}
        lines.append(Line("imported", "catalog", "all", "Catalog", None, summary))
        record_many(actor=actor, lines=lines)

    def _told(self, change: dict[str, Any], item: Item | None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Old and new by field, teams and systems by id as the history of a service has them."""
        before = {name: pair[0] for name, pair in change["fields"].items()}
        after = {name: pair[1] for name, pair in change["fields"].items()}
        for values in (before, after):
            if values.get("system") is not None and change["type"] == SERVICE:
                values["system"] = self._ids[SYSTEM].get(values["system"])
            if "links" in values:
                links = values["links"] or []
                values["runbooks"] = [[title, url] for kind, title, url in links if kind == LinkKind.RUNBOOK]
                values["links"] = [[title, url] for kind, title, url in links if kind != LinkKind.RUNBOOK]
        if item is not None and item.left is not None:
            # What the actor does not see is kept by its id alone, which names nothing.
            name = CONTAINERS[change["type"]][0]
            by_id = change["type"] == SERVICE or not item.left.visible
            if name in after:
                before[name] = item.left.id if by_id else item.left.slug
        if "team" in after and item is not None:
            before["team"] = item.known.team_id if item.known else None
            after["team"] = item.team_id
        gone = [row["upstream"] for row in change["edges_removed"]]
        come = [row["upstream"] for row in (*change["edges_added"], *change["edges_changed"])]
        if gone or come:
            before["needs"], after["needs"] = gone, come
        return before, after

"""The catalog as a Backstage file. What it has no word for stands in annotations of our own, see docs."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple

import yaml

from core.errors import field_error
from services.choices import EdgeKind, ReferenceKind, ServiceKind, Tier
from services.importing import references, words
from services.importing.backstage import OURS
from services.models import DanglingReference, Dependency, Domain, Service, ServiceLink, System
from teams.actor import Actor
from teams.models import Team

_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_KIND_NAMES = {"component": "Component", "api": "API", "resource": "Resource"}
_RESOURCES = {
    ServiceKind.DATABASE,
    ServiceKind.CACHE,
    ServiceKind.QUEUE,
    ServiceKind.STORAGE,
    ServiceKind.RESOURCE,
    ServiceKind.VENDOR,
}


class _Name(NamedTuple):
    kind: str
    namespace: str
    name: str

    @property
    def text(self) -> str:
        return f"{self.kind}:{self.namespace}/{self.name}"


def export(actor: Actor, *, team: str = "") -> str:
    """Everything the actor sees, or what one team of it owns, as YAML documents: domains, systems, services.

    Importing it again changes nothing. InvalidInput for a team the actor does not see.
    """
    return _Export(actor, team).text()


class _Export:
    def __init__(self, actor: Actor, team: str) -> None:
        self._actor = actor
        self._teams = dict(Team.objects.visible_to(actor).values_list("pk", "slug"))
        self._only = next((pk for pk, slug in self._teams.items() if slug == team), None)
        if team and self._only is None:
            raise field_error("team", "There is no such team.")
        self._services = self._named(Service, "")
        self._systems = self._named(System, "system")
        self._domains = self._named(Domain, "domain")

    def text(self) -> str:
        entities = [*self._groups(Domain), *self._groups(System), *self._members()]
        if not entities:
            return "# There is nothing to export.\n"
        return yaml.dump_all(
            entities, Dumper=_DUMPER, sort_keys=False, allow_unicode=True, explicit_start=True, width=1_000
        )

    def _named(self, model: Any, kind: str) -> dict[int, _Name]:
        """How each visible row is called in files, by id."""
        rows = model.objects.visible_to(self._actor).order_by()
        columns = ("pk", "slug", "external_id", *(() if kind else ("kind",)))
        found = {}
        for pk, slug, external_id, *rest in rows.values_list(*columns):
            ref = references.external(external_id)
            allowed = (kind,) if kind else references.SERVICE_KINDS
            if ref is not None and ref.kinds[0] in allowed:
                found[pk] = _Name(ref.kinds[0], ref.namespace, ref.name)
            else:
                found[pk] = _Name(kind or _kind(rest[0]), "default", slug)
        return found

    def _rows(self, model: Any) -> Any:
        rows = model.objects.visible_to(self._actor).order_by("slug")
        return rows if self._only is None else rows.filter(team_id=self._only)

    def _groups(self, model: Any) -> list[dict[str, Any]]:
        """Domains or systems."""
        domain = model is Domain
        found = []
        for row in self._rows(model):
            name = (self._domains if domain else self._systems)[row.pk]
            annotations = self._address(name, row.slug, row.external_id)
            spec = {"owner": self._teams.get(row.team_id)} if row.team_id in self._teams else {}
            above = row.parent_id if domain else row.domain_id
            if above in self._domains:
                spec["subdomainOf" if domain else "domain"] = self._shortest(self._domains[above], name)
            metadata = _metadata(name, row, annotations)
            found.append(_entity("Domain" if domain else "System", metadata, spec))
        return found

    def _members(self) -> list[dict[str, Any]]:
        rows = list(self._rows(Service))
        ids = {row.pk for row in rows}
        needs, provides, soft = self._edges({row.pk: row for row in rows})
        missing: dict[int, list[DanglingReference]] = defaultdict(list)
        links: dict[int, list[dict[str, str]]] = defaultdict(list)
        for each in DanglingReference.objects.visible_to(self._actor):
            if each.service_id in ids:
                missing[each.service_id].append(each)
        for link in ServiceLink.objects.filter(service_id__in=ids).order_by("position", "pk"):
            links[link.service_id].append({"url": link.url, "title": link.title, "type": link.kind})
        return [
            self._member(row, links[row.pk], needs[row.pk], provides[row.pk], soft[row.pk], missing[row.pk])
            for row in rows
        ]

    def _edges(
        self, rows: dict[int, Service]
    ) -> tuple[dict[int, list[int]], dict[int, list[int]], dict[int, list[int]]]:
        """By service: what it needs, the APIs it provides, and which of its needs are soft."""
        needs: dict[int, list[int]] = defaultdict(list)
        provides: dict[int, list[int]] = defaultdict(list)
        soft: dict[int, list[int]] = defaultdict(list)
        edges = Dependency.objects.visible_to(self._actor).order_by("downstream__slug", "upstream__slug")
        kinds = {
            (down, up): kind for down, up, kind in edges.values_list("downstream_id", "upstream_id", "kind")
        }
        for (down, up), kind in kinds.items():
            if down not in rows or down not in self._services or up not in self._services:
                continue
            api = self._services[down].kind == "api" and self._services[up].kind == "component"
            # What a provider needs softly would make all it says of that API soft.
            if api and up in rows and kind == EdgeKind.HARD and kinds.get((up, down)) != EdgeKind.SOFT:
                provides[up].append(down)
                continue
            needs[down].append(up)
            if kind == EdgeKind.SOFT:
                soft[down].append(up)
        return needs, provides, soft

    def _member(
        self,
        row: Service,
        links: list[dict[str, str]],
        needs: list[int],
        provides: list[int],
        soft: list[int],
        missing: list[DanglingReference],
    ) -> dict[str, Any]:
        name = self._services[row.pk]
        kept_type = str(row.annotations.get(f"{OURS}type", ""))
        soft_names = [self._services[pk].text for pk in soft]
        soft_names += [each.reference for each in missing if each.edge_kind == EdgeKind.SOFT]
        annotations = {key: value for key, value in row.annotations.items() if key != f"{OURS}type"}
        annotations |= self._address(name, row.slug, row.external_id)
        annotations[f"{OURS}tier"] = str(Tier(row.tier).value)
        annotations[f"{OURS}stands-alone"] = "true" if row.stands_alone else "false"
        if soft_names:
            annotations[f"{OURS}soft"] = ",".join(soft_names)
        metadata = _metadata(name, row, annotations)
        tags = [key for key, value in row.labels.items() if value == ""]
        metadata["labels"] = {key: value for key, value in row.labels.items() if value != ""}
        metadata["tags"] = tags
        metadata["links"] = links
        same = words.kind_of(kept_type) or _default_kind(name.kind)
        spec: dict[str, Any] = {"type": kept_type if kept_type and same == row.kind else row.kind}
        spec["lifecycle"] = row.lifecycle
        waiting: dict[str, list[str]] = defaultdict(list)
        for each in missing:
            waiting[each.kind].append(each.reference)
        owner = self._teams.get(row.team_id or 0) or next(iter(waiting[ReferenceKind.OWNER]), None)
        system = self._systems.get(row.system_id or 0)
        spec |= _given(owner=owner, system=self._shortest(system, name) if system else None)
        if system is None and waiting[ReferenceKind.SYSTEM]:
            spec["system"] = waiting[ReferenceKind.SYSTEM][0]
        apis = [pk for pk in needs if self._services[pk].kind == "api" and name.kind == "component"]
        others = [self._services[pk].text for pk in needs if pk not in apis]
        spec |= _given(
            dependsOn=[*others, *waiting[ReferenceKind.NEEDS]],
            consumesApis=[self._services[pk].text for pk in apis],
            providesApis=[self._services[pk].text for pk in provides],
            dependencyOf=waiting[ReferenceKind.NEEDED_BY],
        )
        if name.kind == "api":
            spec["definition"] = "Not kept in Watchbill."
        return _entity(_KIND_NAMES[name.kind], metadata, spec)

    def _address(self, name: _Name, slug: str, external_id: str) -> dict[str, str]:
        """The address, where importing could not tell it from the name."""
        plain = external_id == name.text and references.slug_of(name.name) == slug
        return {} if plain else {f"{OURS}slug": slug}

    def _shortest(self, name: _Name, near: _Name) -> str:
        return name.name if name.namespace == near.namespace else f"{name.namespace}/{name.name}"


def _metadata(name: _Name, row: Any, annotations: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name.name}
    if name.namespace != "default":
        found["namespace"] = name.namespace
    found["title"] = row.name
    return found | _given(description=row.description, annotations=annotations)


def _entity(kind: str, metadata: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def _kind(kind: str) -> str:
    if kind == ServiceKind.API:
        return "api"
    return "resource" if kind in _RESOURCES else "component"


def _default_kind(kind: str) -> str:
    names = {"api": ServiceKind.API, "resource": ServiceKind.RESOURCE}
    return names.get(kind, ServiceKind.SERVICE).value

"""References that led nowhere, once what they name has come."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from services.choices import ReferenceKind
from services.importing import references
from services.models import DanglingReference, Dependency, Service, System
from teams.actor import Actor


@dataclass(frozen=True)
class Names:
    """What references may call some rows: `exact` external ids, and `names` (namespace, address)."""

    exact: dict[str, str]
    names: dict[tuple[str, str], str]

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str]]) -> Names:
        """From (address, external id)."""
        exact: dict[str, str] = {}
        names: dict[tuple[str, str], str] = {}
        for slug, external_id in rows:
            ref = references.external(external_id)
            exact[external_id] = slug
            names[ref.namespace if ref else "default", slug] = slug
        return cls(exact, names)

    def find(self, reference: str) -> str | None:
        """The address of the row a reference means, whatever kind it names."""
        if reference in self.exact:
            return self.exact[reference]
        ref = references.external(reference)
        return self.names.get((ref.namespace, references.slug_of(ref.name))) if ref else None


def join_dangling(service: Service, actor: Actor) -> int:
    """Make the edges that waited for this new service; how many. Called in the transaction that creates it.

    What a file said becomes an edge of that file's source; an edge that is there already stays. What others said the
    new service needs counts only where the actor manages those too: nobody declares another team's dependencies.
    """
    joined = 0
    names = Names.of([(service.slug, service.external_id)])
    kinds = (ReferenceKind.NEEDS, ReferenceKind.NEEDED_BY)
    for row in (
        _waiting(service.slug, service.external_id)
        .filter(kind__in=kinds)
        .exclude(service=service)
        .select_related("service")
    ):
        if names.find(row.reference) is None:
            continue
        needs = row.kind == ReferenceKind.NEEDS
        if not needs and not actor.manages(row.service.team_id):
            continue
        downstream_id, upstream_id = (row.service_id, service.pk) if needs else (service.pk, row.service_id)
        _edge, created = Dependency.objects.get_or_create(
            downstream_id=downstream_id,
            upstream_id=upstream_id,
            defaults={
                "kind": row.edge_kind,
                "note": row.note,
                "source": row.source if needs else f"{row.source}:upstream",
            },
        )
        joined += created
        row.delete()
    return joined


def join_system(system: System) -> int:
    """Put the services that waited for this new system into it; how many. One that has a system by now stays there."""
    names = Names.of([(system.slug, system.external_id)])
    rows = _waiting(system.slug, system.external_id).filter(kind=ReferenceKind.SYSTEM)
    meant = [row for row in rows if names.find(row.reference) is not None]
    joined = Service.objects.filter(pk__in=[row.service_id for row in meant], system=None).update(
        system=system
    )
    DanglingReference.objects.filter(pk__in=[row.pk for row in meant]).delete()
    return joined


def _waiting(slug: str, external_id: str) -> QuerySet[DanglingReference]:
    """A few more than those that mean it: `-` of an address stands for `_` and `.` too."""
    name = re.escape(slug).replace(r"\-", "[-_.]+")
    found: QuerySet[DanglingReference] = DanglingReference.objects.filter(
        Q(reference=external_id) | Q(reference__regex=f"/{name}$")
    )
    return found

"""The catalog as an import meets it: what there is, what of it the actor sees, and what a reference leads to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from services.importing import references
from services.importing.entities import DOMAIN, SERVICE, SYSTEM, Ref
from services.importing.opslevel import ALIASES
from services.models import Domain, Service, System
from teams.actor import Actor
from teams.models import Team

MODELS: dict[str, Any] = {SERVICE: Service, SYSTEM: System, DOMAIN: Domain}


class Known(NamedTuple):
    """A row of the catalog. `visible`: to the actor."""

    id: int
    slug: str
    external_id: str
    team_id: int | None
    visible: bool


class Index:
    """All rows of one table."""

    def __init__(self, rows: Iterable[Known]) -> None:
        self.by_slug = {row.slug: row for row in rows}
        self.by_id = {row.id: row for row in self.by_slug.values()}
        self.by_external = {row.external_id: row for row in self.by_slug.values() if row.external_id}

    def slug(self, pk: int | None) -> str | None:
        return self.by_id[pk].slug if pk is not None and pk in self.by_id else None


class Catalog:
    """What is there before an import."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.sees_all = actor.is_system or (actor.is_admin and actor.bound_team_id is None)
        self.tables = {name: Index(self._rows(model)) for name, model in MODELS.items()}
        self.teams: dict[str, int] = dict(Team.objects.visible_to(actor).values_list("slug", "pk"))
        self.team_slugs = dict(Team.objects.values_list("pk", "slug"))
        self.aliases = self._aliases()

    def _rows(self, model: Any) -> list[Known]:
        rows = model.objects.order_by().values_list("pk", "slug", "external_id", "team_id")
        seen: set[int] | None = None
        if not self.sees_all:
            seen = set(model.objects.visible_to(self.actor).order_by().values_list("pk", flat=True))
        return [Known(pk, slug, ext, team, seen is None or pk in seen) for pk, slug, ext, team in rows]

    def _aliases(self) -> dict[str, str]:
        """Address by every alias that opslevel.yml has ever named, of services the actor sees."""
        rows = Service.objects.filter(external_id__startswith="opslevel:").order_by("pk")
        found: dict[str, str] = {}
        for pk, slug, names in rows.values_list("pk", "slug", f"annotations__{ALIASES}"):
            if self.tables[SERVICE].by_id[pk].visible:
                found |= {name: slug for name in str(names or "").split(",") if name}
        return found

    def team(self, ref: Ref) -> int | None:
        """The team a file names as owner, if the actor sees it."""
        return self.teams.get(ref.name) or self.teams.get(references.slug_of(ref.name))


class Place(NamedTuple):
    """Where a new or present entity of the file stands."""

    slug: str
    namespace: str
    kind: str


class Resolver:
    """From references to addresses: of the entities of the file that are accepted, and of visible rows."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._exact: dict[str, dict[str, str]] = {name: {} for name in MODELS}
        self._places: dict[str, dict[str, Place]] = {name: {} for name in MODELS}
        self._aliases = dict(catalog.aliases)

    def add(
        self, table: str, slug: str, identities: Iterable[str], namespace: str, aliases: Iterable[str] = ()
    ) -> None:
        """An entity of the file."""
        kind = ""
        for identity in identities:
            self._exact[table][identity] = slug
            kind = kind or identity.partition(":")[0]
        self._places[table][slug] = Place(slug, namespace, kind)
        self._aliases |= dict.fromkeys(aliases, slug)

    def find(self, table: str, ref: Ref, *, by_alias: bool = False, own: str = "") -> str | None:
        """The address a reference leads to: the very entity, else one of this name whatever its kind.

        `own`: the address of who asks, which a reference of another kind never means.
        """
        index = self._catalog.tables[table]
        for kind in ref.kinds:
            text = Ref((kind,), ref.namespace, ref.name).text
            if text in self._exact[table]:
                return self._exact[table][text]
            row = index.by_external.get(text)
            if row is not None and row.visible:
                return row.slug
        if by_alias and ref.name in self._aliases:
            return self._aliases[ref.name]
        slug = references.slug_of(ref.name)
        place = self._places[table].get(slug)
        if place is not None:
            fits = place.namespace == ref.namespace
            other_kind = slug == own and len(ref.kinds) == 1 and ref.kinds[0] != place.kind
            return slug if fits and not other_kind else None
        row = index.by_slug.get(slug)
        if row is None or not row.visible:
            return None
        meant = references.external(row.external_id)
        return slug if meant is None or meant.namespace == ref.namespace else None

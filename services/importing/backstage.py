"""Entities of Backstage's `catalog-info.yaml`."""

from __future__ import annotations

from typing import Any

from core.errors import InvalidInput
from core.text import clean, one_line
from services.actions.details import MOST_LABELS, labels, web_address
from services.choices import EdgeKind, LinkKind, ServiceKind
from services.importing import references, words
from services.importing.documents import Document, doubled, line_at
from services.importing.entities import (
    DOMAIN,
    SERVICE,
    SYSTEM,
    Entity,
    Link,
    Parsed,
    Path,
    Problem,
    Ref,
    Statement,
    dotted,
)

SOURCE = "backstage"
OURS = "watchbill.dev/"
MAX_LINKS = 30
MAX_ANNOTATIONS = 100
TABLES = {"component": SERVICE, "api": SERVICE, "resource": SERVICE, "system": SYSTEM, "domain": DOMAIN}
SKIPPED = frozenset({"group", "user", "location", "template"})
_DEFAULT_KINDS = {
    "component": ServiceKind.SERVICE,
    "api": ServiceKind.API,
    "resource": ServiceKind.RESOURCE,
}
# field of spec → the kinds a bare name there may be, and whether this entity needs what is named or is needed by it.
_EDGES: dict[str, tuple[tuple[str, ...], bool]] = {
    "dependsOn": (references.SERVICE_KINDS, True),
    "consumesApis": (("api",), True),
    "dependencyOf": (references.SERVICE_KINDS, False),
    "providesApis": (("api",), False),
    "subcomponentOf": (("component",), False),
}
_CONTAINERS = {SERVICE: ("system", "system"), SYSTEM: ("domain", "domain"), DOMAIN: ("subdomainOf", "domain")}


def looks_like(value: Any) -> bool:
    """Whether a document is meant for Backstage."""
    return isinstance(value, dict) and ("kind" in value or "apiVersion" in value or "metadata" in value)


def read(document: Document, parsed: Parsed) -> None:
    """Add what a document says to `parsed`: an entity, or why it is none."""
    _Reader(document, parsed).read()


class _Reader:
    def __init__(self, document: Document, parsed: Parsed) -> None:
        self._document, self._parsed = document, parsed
        self._label = ""
        self._namespace = "default"

    def problem(self, message: str, *path: str | int) -> None:
        line = line_at(self._document.value, path) or self._document.line
        self._parsed.problems.append(Problem(self._document.number, line, self._label, dotted(path), message))

    def read(self) -> None:
        value = self._document.value
        metadata, spec = value.get("metadata"), value.get("spec")
        kind = (
            str(value.get("kind") or "").strip().lower()
            if not isinstance(value.get("kind"), dict | list)
            else ""
        )
        name = metadata.get("name") if isinstance(metadata, dict) else None
        name = name.strip() if isinstance(name, str) else ""
        self._label = one_line(f"{kind}:{name}" if kind else name, 160)
        if kind in SKIPPED:
            self._parsed.skipped.setdefault(kind, []).append(one_line(name, 80))
            return
        if kind not in TABLES:
            self.problem(
                f"“{one_line(kind, 40)}” is no kind that is known here." if kind else "It says no kind.",
                "kind",
            )
            return
        if not isinstance(metadata, dict) or not (spec is None or isinstance(spec, dict)):
            self.problem("Must be a mapping.", "metadata" if not isinstance(metadata, dict) else "spec")
            return
        twice = doubled(value)
        for path, key in twice:
            self.problem(f"“{one_line(key, 60)}” stands twice; nothing of this entity is used.", *path, key)
        if not twice and self._named(name, metadata):
            self._entity(kind, name, metadata, spec or {})

    def _named(self, name: str, metadata: dict[str, Any]) -> bool:
        if not references.is_name(name):
            self.problem(
                "Letters, digits and - _ . only, at most 63, beginning and ending with a letter or digit."
                if name
                else "It has no name.",
                "metadata",
                "name",
            )
            return False
        space = metadata.get("namespace")
        self._namespace = str(space or "default").strip().lower()
        if isinstance(space, dict | list) or references.parse(f"{self._namespace}/x", ("x",)) is None:
            self.problem("Letters, digits and - only, at most 63.", "metadata", "namespace")
            return False
        return True

    def _entity(self, kind: str, name: str, metadata: dict[str, Any], spec: dict[str, Any]) -> None:
        table = TABLES[kind]
        external = f"{kind}:{self._namespace}/{name.lower()}"
        entity = Entity(
            table=table,
            label=self._label,
            document=self._document.number,
            line=self._document.line,
            identities=(external,),
            slug=references.slug_of(name),
            namespace=self._namespace,
            defaults={"name": one_line(name, 120)},
        )
        title, description = self._text(metadata, "metadata", "title"), None
        if title:
            entity.values["name"] = one_line(title, 120)
        description = self._text(metadata, "metadata", "description")
        if description is not None:
            entity.values["description"] = clean(description.strip(), 10_000)
        if table == SERVICE:
            entity.defaults["kind"] = _DEFAULT_KINDS[kind].value
        ours = self._annotations(entity, metadata)
        entity.owner = self._ref(spec, "owner", ("group",))
        field, container = _CONTAINERS[table]
        entity.container = self._ref(spec, field, (container,))
        if table == SERVICE:
            self._type(entity, spec)
            self._labels(entity, metadata, ours)
            self._links(entity, metadata)
            self._edges(entity, spec, ours)
        if slug := ours.get("slug"):
            entity.slug, entity.pinned = slug, True
        for path in (("spec", "owner"), ("spec", field), ("metadata", "name")):
            entity.lines[dotted(path)] = line_at(self._document.value, path) or entity.line
        self._parsed.entities.append(entity)

    def _text(self, holder: dict[str, Any], *path: str) -> str | None:
        """A text, or None where there is none; a list or a mapping is a fault."""
        value = holder.get(path[-1])
        if isinstance(value, dict | list):
            self.problem("Must be a text.", *path)
            return None
        return value

    def _ref(self, spec: dict[str, Any], field: str, kinds: tuple[str, ...]) -> Ref | None:
        value = spec.get(field)
        if value is None or value == "":
            return None
        found = references.parse(value, kinds, self._namespace)
        if found is None or not set(found.kinds) <= set(kinds):
            if found is not None and found.kinds == ("user",):
                self.problem("A person cannot own this; name a team.", "spec", field)
            else:
                self.problem(f"“{_shown(value)}” is no reference to a {kinds[0]}.", "spec", field)
            return None
        return found

    def _annotations(self, entity: Entity, metadata: dict[str, Any]) -> dict[str, str]:
        """Annotations to keep go to the entity; ours, without their prefix, come back."""
        given = metadata.get("annotations")
        kept: dict[str, str] = {}
        ours: dict[str, str] = {}
        if given is not None and not isinstance(given, dict):
            self.problem("Must be a mapping.", "metadata", "annotations")
            given = None
        for key, value in (given or {}).items():
            path: Path = ("metadata", "annotations", key)
            if isinstance(value, dict | list) or len(key) > 200 or len(value or "") > 2_000:
                self.problem("A text of at most 2,000 characters; it is left out.", *path)
            elif key.startswith(OURS):
                ours[key.removeprefix(OURS)] = (value or "").strip()
            elif len(kept) < MAX_ANNOTATIONS:
                kept[key] = value or ""
            else:
                self.problem(f"At most {MAX_ANNOTATIONS} annotations; it is left out.", *path)
        if entity.table == SERVICE:
            entity.values["annotations"] = kept
            alone = words.truth_of(ours["stands-alone"]) if "stands-alone" in ours else None
            if alone is not None:
                entity.values["stands_alone"] = alone
            elif "stands-alone" in ours:
                self.problem("true or false.", "metadata", "annotations", f"{OURS}stands-alone")
        return ours

    def _type(self, entity: Entity, spec: dict[str, Any]) -> None:
        given = self._text(spec, "spec", "type")
        if given:
            kind = words.kind_of(given) or entity.defaults["kind"]
            entity.values["kind"] = kind
            if given != kind:
                entity.values["annotations"][f"{OURS}type"] = one_line(given, 120)
        lifecycle = self._text(spec, "spec", "lifecycle")
        if lifecycle:
            known = words.lifecycle_of(lifecycle)
            if known is None:
                self.problem(
                    f"“{_shown(lifecycle)}” is not known: experimental, production or deprecated.",
                    "spec",
                    "lifecycle",
                )
            else:
                entity.values["lifecycle"] = known

    def _labels(self, entity: Entity, metadata: dict[str, Any], ours: dict[str, str]) -> None:
        found: dict[str, str] = {}
        tier = ours.get("tier")
        place: Path = ("metadata", "annotations", f"{OURS}tier")
        tags, given = metadata.get("tags"), metadata.get("labels")
        for name, value, shape in (("tags", tags, list), ("labels", given, dict)):
            if value is not None and not isinstance(value, shape):
                self.problem(f"Must be a {'list' if shape is list else 'mapping'}.", "metadata", name)
        for number, tag in enumerate(tags if isinstance(tags, list) else ()):
            self._label_into(found, tag, "", "metadata", "tags", number)
        for key, value in given.items() if isinstance(given, dict) else ():
            if key.startswith(OURS):
                if key == f"{OURS}tier" and not tier:
                    tier, place = str(value or ""), ("metadata", "labels", key)
            else:
                self._label_into(found, key, value, "metadata", "labels", key)
        # A word of somebody else's catalog: taken where it is a tier here, else a label like others.
        if not tier and words.tier_of(found.get("tier", "")) is not None:
            tier = found["tier"]
        if tier and (rank := words.tier_of(tier)) is not None:
            entity.values["tier"] = rank
        elif tier:
            self.problem("A tier is 1, 2, 3 or 4.", *place)
        # Our own words among the labels say nothing of the others.
        plain = isinstance(given, dict) and (not given or any(not key.startswith(OURS) for key in given))
        if isinstance(tags, list) or plain:
            entity.values["labels"] = dict(sorted(found.items()))

    def _label_into(self, found: dict[str, str], key: Any, value: Any, *path: str | int) -> None:
        if isinstance(key, dict | list) or isinstance(value, dict | list) or not key:
            self.problem("Must be a text; it is left out.", *path)
            return
        if len(found) >= MOST_LABELS and key.strip() not in found:
            self.problem(f"At most {MOST_LABELS} labels; it is left out.", *path)
            return
        try:
            found.update(labels({key: value}))
        except InvalidInput as error:
            self.problem(error.sentence, *path)

    def _links(self, entity: Entity, metadata: dict[str, Any]) -> None:
        given = metadata.get("links")
        if given is None:
            return
        if not isinstance(given, list):
            self.problem("Must be a list.", "metadata", "links")
            return
        entity.links = []
        for number, item in enumerate(given):
            path: Path = ("metadata", "links", number)
            if not isinstance(item, dict) or any(isinstance(part, dict | list) for part in item.values()):
                self.problem("Must be a mapping with a url; it is left out.", *path)
                continue
            texts = [str(item.get(name) or "") for name in ("type", "icon", "title")]
            self._link_into(entity, words.link_kind(*texts), texts[2], item.get("url"), path)

    def _link_into(self, entity: Entity, kind: str, title: str, url: Any, path: Path) -> None:
        assert entity.links is not None
        try:
            address = web_address("url", url)
        except InvalidInput as error:
            self.problem(error.sentence, *path, "url")
            return
        if not address:
            self.problem("Must be an http or https address.", *path, "url")
        elif len(entity.links) >= MAX_LINKS:
            self.problem(f"At most {MAX_LINKS} links; it is left out.", *path)
        else:
            entity.links.append(Link(kind, one_line(title or str(LinkKind(kind).label), 120), address))

    def _edges(self, entity: Entity, spec: dict[str, Any], ours: dict[str, str]) -> None:
        soft = self._soft(ours)
        used: set[Ref] = set()
        for field, (kinds, needs) in _EDGES.items():
            given = spec.get(field)
            if given is None or given == "":
                continue
            for number, item in enumerate(given if isinstance(given, list) else [given]):
                path: Path = ("spec", field, number) if isinstance(given, list) else ("spec", field)
                ref = references.parse(item, kinds, self._namespace)
                if ref is None:
                    self.problem(f"“{_shown(item)}” is no reference.", *path)
                elif not set(ref.kinds) <= set(references.SERVICE_KINDS):
                    self.problem("Only components, resources and APIs can be named here.", *path)
                else:
                    hits = [each for each in soft if _fits(each, ref)]
                    used.update(hits)
                    side = entity.needs if needs else entity.needed_by
                    side.append(Statement(ref, dotted(path), soft=bool(hits)))
                    entity.lines[dotted(path)] = line_at(self._document.value, path) or entity.line
        for each in soft:
            if each not in used:
                self.problem(
                    f"“{each.name}” stands in no list of this entity.",
                    "metadata",
                    "annotations",
                    f"{OURS}{EdgeKind.SOFT}",
                )

    def _soft(self, ours: dict[str, str]) -> list[Ref]:
        found = []
        for text in ours.get("soft", "").replace(",", " ").split():
            ref = references.parse(text, references.SERVICE_KINDS, self._namespace)
            if ref is None:
                self.problem(f"“{_shown(text)}” is no reference.", "metadata", "annotations", f"{OURS}soft")
            else:
                found.append(ref)
        return found


def _fits(soft: Ref, ref: Ref) -> bool:
    return soft[1:] == ref[1:] and bool(set(soft.kinds) & set(ref.kinds))


def _shown(value: Any) -> str:
    return one_line(value if isinstance(value, str) else "…", 80)

"""Services of opslevel.yml, version 1."""

from __future__ import annotations

from typing import Any

from django.utils.text import slugify

from core.errors import InvalidInput
from core.text import clean, one_line
from services.actions.details import MOST_LABELS, labels, web_address
from services.choices import LinkKind, ServiceKind
from services.importing import references, words
from services.importing.documents import Document, doubled, line_at
from services.importing.entities import SERVICE, Entity, Link, Parsed, Path, Problem, Ref, Statement, dotted

SOURCE = "opslevel"
ALIASES = "opslevel.com/aliases"
MAX_LINKS = 30
_KEPT = ("product", "language", "framework")
_BODIES = ("component", "service")


def looks_like(value: Any) -> bool:
    """Whether a document is meant for OpsLevel."""
    return (
        isinstance(value, dict)
        and "kind" not in value
        and any(name in value for name in (*_BODIES, "repository"))
    )


def read(document: Document, parsed: Parsed) -> None:
    """Add what a document says to `parsed`: a service, or why it is none."""
    _Reader(document, parsed).read()


class _Reader:
    def __init__(self, document: Document, parsed: Parsed) -> None:
        self._document, self._parsed = document, parsed
        self._label = ""
        self._body = next((name for name in _BODIES if name in document.value), "component")

    def problem(self, message: str, *path: str | int) -> None:
        line = line_at(self._document.value, path) or self._document.line
        self._parsed.problems.append(Problem(self._document.number, line, self._label, dotted(path), message))

    def read(self) -> None:
        value = self._document.value
        if self._body not in value:
            self._parsed.skipped.setdefault("repository", []).append("")
            return
        version = value.get("version")
        if version is not None and str(version).strip() not in ("1", "1.0"):
            self.problem("Only version 1 is known.", "version")
            return
        body = value[self._body]
        if not isinstance(body, dict):
            self.problem("Must be a mapping.", self._body)
            return
        name = self._text(body, "name")
        self._label = one_line(name or "", 120)
        twice = doubled(value)
        for path, key in twice:
            self.problem(f"“{one_line(key, 60)}” stands twice; nothing of this entity is used.", *path, key)
        if twice:
            return
        if not name or not slugify(name):
            self.problem("It has no name." if not name else "No letter or digit in it.", self._body, "name")
            return
        self._entity(name, body)

    def _entity(self, name: str, body: dict[str, Any]) -> None:
        aliases = self._aliases(body)
        alias = aliases[0] if aliases else slugify(name).replace("-", "_")
        entity = Entity(
            table=SERVICE,
            label=self._label,
            document=self._document.number,
            line=line_at(self._document.value, (self._body,)) or self._document.line,
            identities=tuple(f"opslevel:{each}" for each in (aliases or (alias,))),
            slug=slugify(name)[:63].strip("-"),
            aliases=aliases or (alias,),
            values={"name": one_line(name, 120)},
            defaults={"kind": ServiceKind.SERVICE.value},
        )
        description = self._text(body, "description")
        if description is not None:
            entity.values["description"] = clean(description.strip(), 10_000)
        self._words(entity, body)
        kept = {
            f"opslevel.com/{key}": one_line(self._text(body, key) or "", 200)
            for key in _KEPT
            if body.get(key)
        }
        if aliases:
            kept[ALIASES] = ",".join(aliases)
        entity.values["annotations"] = kept
        entity.owner = self._ref(body, "owner", ("group",))
        entity.container = self._ref(body, "system", ("system",))
        self._labels(entity, body)
        self._links(entity, body)
        self._edges(entity, body)
        for field in ("owner", "system", "name"):
            path: Path = (self._body, field)
            entity.lines[{"owner": "spec.owner", "system": "spec.system"}.get(field, "metadata.name")] = (
                line_at(self._document.value, path) or entity.line
            )
        self._parsed.entities.append(entity)

    def _text(self, body: dict[str, Any], field: str) -> str | None:
        value = body.get(field)
        if isinstance(value, dict | list):
            self.problem("Must be a text.", self._body, field)
            return None
        return value

    def _rows(self, body: dict[str, Any], field: str) -> list[tuple[Path, Any]]:
        value = body.get(field)
        if value is None:
            return []
        if not isinstance(value, list):
            self.problem("Must be a list.", self._body, field)
            return []
        return [((self._body, field, number), item) for number, item in enumerate(value)]

    def _aliases(self, body: dict[str, Any]) -> tuple[str, ...]:
        found = []
        for path, item in self._rows(body, "aliases"):
            if isinstance(item, str) and references.is_name(item.strip()):
                found.append(item.strip().lower())
            else:
                self.problem("Letters, digits and - _ . only, at most 63; it is left out.", *path)
        return tuple(dict.fromkeys(found))

    def _words(self, entity: Entity, body: dict[str, Any]) -> None:
        if given := self._text(body, "type"):
            entity.values["kind"] = words.kind_of(given) or ServiceKind.SERVICE.value
        for field, read, known in (
            ("lifecycle", words.lifecycle_of, "experimental, production or deprecated"),
            ("tier", words.tier_of, "tier_1, tier_2, tier_3 or tier_4"),
        ):
            given = self._text(body, field)
            if not given:
                continue
            value = read(given)  # type: ignore[operator]  # a function, whose types differ by row
            if value is None:
                self.problem(f"“{one_line(given, 60)}” is not known: {known}.", self._body, field)
            else:
                entity.values[field] = value

    def _ref(self, body: dict[str, Any], field: str, kinds: tuple[str, ...]) -> Ref | None:
        value = self._text(body, field)
        if not value:
            return None
        found = references.parse(slugify(value) if " " in value else value, kinds)
        if found is None or found.kinds != kinds:
            self.problem(f"“{one_line(value, 60)}” is no alias.", self._body, field)
            return None
        return found

    def _labels(self, entity: Entity, body: dict[str, Any]) -> None:
        if body.get("tags") is None:
            return
        found: dict[str, str] = {}
        for path, item in self._rows(body, "tags"):
            if isinstance(item, dict) and isinstance(item.get("key"), str):
                key, value = item["key"], item.get("value")
            elif isinstance(item, str):
                key, _sep, value = item.partition(":")
            else:
                key, value = "", None
            if not key.strip() or isinstance(value, dict | list):
                self.problem("Must be a key with a value; it is left out.", *path)
            elif len(found) >= MOST_LABELS:
                self.problem(f"At most {MOST_LABELS} labels; it is left out.", *path)
            else:
                try:
                    found.update(labels({key: value}))
                except InvalidInput as error:
                    self.problem(error.sentence, *path)
        entity.values["labels"] = dict(sorted(found.items()))

    def _links(self, entity: Entity, body: dict[str, Any]) -> None:
        if body.get("tools") is None and body.get("repositories") is None:
            return
        entity.links = []
        for path, item in self._rows(body, "tools"):
            if not isinstance(item, dict) or any(isinstance(part, dict | list) for part in item.values()):
                self.problem("Must be a mapping with a url; it is left out.", *path)
                continue
            texts = [
                str(item.get(name) or "") for name in ("category", "name", "display_name", "environment")
            ]
            title = texts[1] or texts[2]
            shown = f"{title} ({texts[3]})" if title and texts[3] else title
            self._link_into(entity, words.link_kind(*texts[:3]), shown, item.get("url"), (*path, "url"))
        for path, item in self._rows(body, "repositories"):
            row = item if isinstance(item, dict) else {"name": item}
            if not isinstance(row.get("name"), str) or isinstance(row.get("display_name"), dict | list):
                self.problem("Must be a mapping with a name; it is left out.", *path)
                continue
            name = row["name"].strip()
            # A name is an address, or a host and a path, or a path at GitHub.
            host = "." in name.split("/", 1)[0] or "://" in name
            address = name if "://" in name else f"https://{name if host else 'github.com/' + name}"
            self._link_into(entity, LinkKind.REPOSITORY.value, row.get("display_name") or name, address, path)

    def _link_into(self, entity: Entity, kind: str, title: str, url: Any, path: Path) -> None:
        assert entity.links is not None
        try:
            address = web_address("url", url)
        except InvalidInput as error:
            self.problem(error.sentence, *path)
            return
        if not address:
            self.problem("Must be an http or https address.", *path)
        elif len(entity.links) >= MAX_LINKS:
            self.problem(f"At most {MAX_LINKS} links; it is left out.", *path)
        else:
            entity.links.append(Link(kind, one_line(title or str(LinkKind(kind).label), 120), address))

    def _edges(self, entity: Entity, body: dict[str, Any]) -> None:
        for path, item in self._rows(body, "dependencies"):
            row = item if isinstance(item, dict) else {"alias": item}
            alias, notes = row.get("alias"), row.get("notes")
            soft = False
            if isinstance(alias, str) and alias.strip().lower().startswith("soft:"):
                alias, soft = alias.strip()[5:], True
            ref = references.parse(alias, references.SERVICE_KINDS)
            if ref is None or ref.kinds != references.SERVICE_KINDS:
                self.problem("Must be a mapping with an alias; it is left out.", *path)
                continue
            note = one_line(notes, 300) if isinstance(notes, str) else ""
            if note.lower().startswith("soft:"):
                note, soft = note[5:].strip(), True
            entity.needs.append(Statement(ref, dotted(path), soft, note))
            entity.lines[dotted(path)] = line_at(self._document.value, path) or entity.line

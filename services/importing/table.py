"""A catalog as a table: CSV with a header row."""

from __future__ import annotations

import csv
import io
import re

from core.errors import InvalidInput
from core.text import clean, one_line
from services.actions.details import labels, web_address
from services.choices import LinkKind, ServiceKind
from services.importing import references, words
from services.importing.entities import (
    DOMAIN,
    MAX_ENTITIES,
    SERVICE,
    SYSTEM,
    Entity,
    Link,
    Parsed,
    Problem,
    Ref,
    Statement,
    Unreadable,
)

SOURCE = "csv"
MAX_LINKS = 30
_OTHER_NAMES = {
    "team": "owner",
    "type": "kind",
    "needs": "depends_on",
    "dependencies": "depends_on",
    "tags": "labels",
}
_LINK_COLUMNS = tuple(kind.value for kind in LinkKind if kind != LinkKind.OTHER)
COLUMNS = (
    *(
        "slug",
        "name",
        "kind",
        "description",
        "owner",
        "tier",
        "lifecycle",
        "system",
        "depends_on",
        "labels",
        "links",
    ),
    *("stands_alone", *_LINK_COLUMNS),
)


def looks_like(text: str) -> bool:
    """Whether the first line is a header row."""
    names = set(_header(text)[0])
    return "slug" in names or ("name" in names and bool(names & set(COLUMNS) - {"name"}))


def read(text: str, parsed: Parsed) -> None:
    """Add every row to `parsed`. Raises `Unreadable` without a usable header row."""
    names, delimiter = _header(text)
    if "slug" not in names:
        raise Unreadable("The header row has no column “slug”.")
    double = next((name for name in names if name and names.count(name) > 1), None)
    if double:
        raise Unreadable(f"The header row has the column “{double}” twice.")
    for name in names:
        if name not in COLUMNS:
            message = f"There is no such column; it is left out. Known: {', '.join(COLUMNS)}."
            parsed.problems.append(Problem(0, 1, "", name or "(empty)", message))
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number, line = 0, 1
    while True:
        try:
            cells = next(rows, None)
        except csv.Error as error:
            number += 1
            parsed.problems.append(
                Problem(number, rows.line_num, "", "", f"This row cannot be read: {error}.")
            )
            line = rows.line_num + 1
            continue
        if cells is None:
            return
        started, line = line, rows.line_num + 1
        if started == 1 or not any(cell.strip() for cell in cells):
            continue
        number += 1
        if number > MAX_ENTITIES:
            raise Unreadable(f"The file holds more than {MAX_ENTITIES:,} rows.")
        if len(cells) != len(names):
            message = f"{len(cells)} cells where the header row has {len(names)}."
            parsed.problems.append(Problem(number, started, one_line(cells[0], 80), "", message))
            continue
        _Row(number, started, dict(zip(names, map(str.strip, cells), strict=True)), parsed).read()


def _header(text: str) -> tuple[list[str], str]:
    first = text.lstrip("\r\n").split("\n", 1)[0].rstrip("\r")
    delimiter = max(",;\t", key=first.count)
    try:
        cells = next(csv.reader([first[:10_000]], delimiter=delimiter), [])
    except csv.Error:
        cells = []
    names = [re.sub(r"[\s-]+", "_", cell.strip().lower()) for cell in cells]
    return [_OTHER_NAMES.get(name, one_line(name, 40)) for name in names], delimiter


class _Row:
    def __init__(self, number: int, line: int, cells: dict[str, str], parsed: Parsed) -> None:
        self._number, self._line, self._cells, self._parsed = number, line, cells, parsed
        self._label = one_line(cells["slug"] or cells.get("name", ""), 80)

    def problem(self, field: str, message: str) -> None:
        self._parsed.problems.append(Problem(self._number, self._line, self._label, field, message))

    def cell(self, name: str) -> str:
        return self._cells.get(name, "")

    def read(self) -> None:
        slug = self.cell("slug").lower()
        if not references.is_name(slug):
            self.problem(
                "slug", "Letters, digits and hyphens only, at most 63." if slug else "It has no address."
            )
            return
        kind = self.cell("kind").lower()
        table = kind if kind in (SYSTEM, DOMAIN) else SERVICE
        slug = references.slug_of(slug)
        entity = Entity(
            table=table,
            label=self._label,
            document=self._number,
            line=self._line,
            identities=(f"csv:{slug}" if table == SERVICE else f"csv:{table}/{slug}",),
            slug=slug,
            defaults={"name": slug},
        )
        if name := one_line(self.cell("name"), 120):
            entity.values["name"] = name
        if description := clean(self.cell("description"), 10_000):
            entity.values["description"] = description
        entity.owner = self._ref("owner", "group")
        entity.container = self._ref("system", "system" if table == SERVICE else "domain")
        if table == SERVICE:
            entity.defaults["kind"] = ServiceKind.SERVICE.value
            self._words(entity, kind)
            self._labels(entity)
            self._links(entity)
            self._edges(entity)
        self._parsed.entities.append(entity)

    def _ref(self, column: str, kind: str) -> Ref | None:
        if not self.cell(column):
            return None
        found = references.parse(self.cell(column), (kind,))
        if found is None or found.kinds != (kind,):
            self.problem(column, f"“{one_line(self.cell(column), 60)}” is no address.")
            return None
        return found

    def _words(self, entity: Entity, kind: str) -> None:
        read = {
            "kind": (kind, words.kind_of, f"One of {', '.join(ServiceKind.values)}, system or domain."),
            "tier": (self.cell("tier"), words.tier_of, "A tier is 1, 2, 3 or 4."),
            "lifecycle": (
                self.cell("lifecycle"),
                words.lifecycle_of,
                "experimental, production or deprecated.",
            ),
            "stands_alone": (self.cell("stands_alone"), words.truth_of, "yes or no."),
        }
        for name, (text, meaning, message) in read.items():
            if not text:
                continue
            value = meaning(text)  # type: ignore[operator]  # a function, whose types differ by row
            if value is None:
                self.problem(name, f"“{one_line(text, 60)}” is not known. {message}")
            else:
                entity.values[name] = value

    def _labels(self, entity: Entity) -> None:
        if not self.cell("labels"):
            return
        pairs = [part.partition("=") for part in re.split(r"[;\n]", self.cell("labels")) if part.strip()]
        try:
            entity.values["labels"] = labels({key.strip(): value.strip() for key, _equal, value in pairs})
        except InvalidInput as error:
            self.problem("labels", error.sentence)

    def _links(self, entity: Entity) -> None:
        """Columns named after kinds of links hold one address each; `links` holds `title=address` or addresses."""
        rows = [(name, "", self.cell(name), name) for name in _LINK_COLUMNS if self.cell(name)]
        for part in re.split(r"[;\n]\s*", self.cell("links")):
            title, equal, url = part.partition("=")
            named = bool(equal) and "://" not in title
            kind = words.link_kind(title) if named else LinkKind.OTHER.value
            rows.append((kind, title.strip(), url, "links") if named else (kind, "", part, "links"))
        rows = [row for row in rows if row[2].strip()]
        if not rows:
            return
        entity.links = []
        for kind, title, url, column in rows[:MAX_LINKS]:
            try:
                address = web_address(column, url)
            except InvalidInput as error:
                self.problem(column, error.sentence)
            else:
                entity.links.append(Link(kind, one_line(title or str(LinkKind(kind).label), 120), address))
        if len(rows) > MAX_LINKS:
            self.problem("links", f"At most {MAX_LINKS} links; the others are left out.")

    def _edges(self, entity: Entity) -> None:
        for text in re.split(r"[;,\s]+", self.cell("depends_on")):
            soft = text.lower().startswith("soft:")
            ref = references.parse(text[5:] if soft else text, references.SERVICE_KINDS)
            if not text:
                continue
            if ref is None or not set(ref.kinds) <= set(references.SERVICE_KINDS):
                self.problem("depends_on", f"“{one_line(text, 60)}” is no address.")
            else:
                entity.needs.append(Statement(ref, "depends_on", soft))

"""What a catalog file says, the same for every format. Plain data, no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

MAX_BYTES = 10 * 1024 * 1024
MAX_ENTITIES = 20_000
MAX_PROBLEMS = 1_000
SERVICE, SYSTEM, DOMAIN = "service", "system", "domain"
# What stands in what: (field, table) of the container.
CONTAINERS = {SERVICE: ("system", SYSTEM), SYSTEM: ("domain", DOMAIN), DOMAIN: ("parent", DOMAIN)}
Path = tuple[str | int, ...]


class Unreadable(Exception):
    """Nothing of the file can be used; the message says why."""


class Ref(NamedTuple):
    """What a file points at. `kinds`: those it may be, the likeliest first; all in lower case."""

    kinds: tuple[str, ...]
    namespace: str
    name: str

    @property
    def text(self) -> str:
        return f"{self.kinds[0]}:{self.namespace}/{self.name}"


class Statement(NamedTuple):
    """One edge as a file says it. `note` None: the file has no word for notes. `field`: where it stands."""

    ref: Ref
    field: str
    soft: bool = False
    note: str | None = None


class Link(NamedTuple):
    kind: str
    title: str
    url: str


class Problem(NamedTuple):
    """A fault in a file. `document` from 1, `line` from 1; 0 for the file as a whole."""

    document: int
    line: int
    entity: str
    field: str
    message: str


@dataclass(slots=True, eq=False)
class Entity:
    """One entity of a file.

    `identities`: external ids it may be known by, the first is the one to store. `values`: what the file says of the
    columns name, kind, description, tier, lifecycle, labels, annotations, stands_alone; what it does not say stays as
    it is. `defaults`: values for a new row. `container`: system of a service, domain of a system, parent of a domain.
    `pinned`: the address is named on purpose, so its row is found by it alone. `needs`, `needed_by`: edges. `links`
    None: not said. `source`: its format. `lines`: of its fields, by their dotted names.
    """

    table: str
    label: str
    document: int
    line: int
    identities: tuple[str, ...]
    slug: str
    namespace: str = "default"
    pinned: bool = False
    values: dict[str, Any] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    links: list[Link] | None = None
    owner: Ref | None = None
    container: Ref | None = None
    needs: list[Statement] = field(default_factory=list)
    needed_by: list[Statement] = field(default_factory=list)
    aliases: tuple[str, ...] = ()
    source: str = ""
    lines: dict[str, int] = field(default_factory=dict)

    def line_of(self, name: str) -> int:
        """Line of a field, else where the entity begins."""
        return self.lines.get(name, self.line)


@dataclass(slots=True)
class Parsed:
    """A file that was read. `source`: its format, which edges carry; `skipped`: what is never imported, by kind."""

    source: str
    entities: list[Entity] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    skipped: dict[str, list[str]] = field(default_factory=dict)


def dotted(path: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in path)

"""YAML from strangers: plain lists, dictionaries and texts with their lines, at bounded cost.

Every scalar stays the text it is (`on`, `1.10`, `2026-11-01`), but for a plain `null`, `~` or nothing, which is None.
Tags are ignored. Documents are read one by one, so that a faulty one does not take the others with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml

from core.text import clean
from services.importing.entities import MAX_ENTITIES, Path, Unreadable

MAX_NODES = 1_500_000
MAX_DEPTH = 40
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MARKER = re.compile(r"^---(?=[ \t\r\n]|$)", re.MULTILINE)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class Mapping(dict[str, Any]):
    """A mapping with the line of each of its keys; `doubles` are keys that stand twice."""

    __slots__ = ("doubles", "line", "lines")

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line: int = line
        self.lines: dict[str, int] = {}
        self.doubles: list[str] = []


class Listing(list[Any]):
    """A list with the line of each of its items."""

    __slots__ = ("line", "lines")

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line: int = line
        self.lines: list[int] = []


class Document(NamedTuple):
    """A document of the file, from 1. `fault`: why it cannot be read, with `line`."""

    number: int
    line: int
    value: Any
    fault: str = ""


class Fault(Exception):
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line, self.message = line, message


def documents(text: str) -> Iterator[Document]:
    """The documents of a file that hold something. Raises `Unreadable` where the file as a whole is too much."""
    budget = _Budget()
    number = 0
    for first_line, part in _parts(text):
        values: list[tuple[int, Any]] = []
        try:
            for value in _Builder(first_line, budget).read(part):
                values.append(value)
            fault = None
        except Fault as error:
            fault = error
        for line, value in values:
            if value is not None:
                number += 1
                yield Document(number, line, value)
        if fault is not None:
            number += 1
            yield Document(number, fault.line, None, fault.message)
        if number > MAX_ENTITIES:
            raise Unreadable(f"The file holds more than {MAX_ENTITIES:,} documents.")


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """(line, text) of each stretch between `---` markers: a line of `---` never stands inside a document."""
    starts = [0, *(found.start() for found in _MARKER.finditer(text) if found.start())]
    if len(starts) > MAX_ENTITIES + 1_000:
        raise Unreadable(f"The file holds more than {MAX_ENTITIES:,} documents.")
    line = 1
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        part = text[start:end]
        if not _only_directives(part):
            yield line, part
        line += part.count("\n")


def _only_directives(part: str) -> bool:
    """Whether a part is `%YAML 1.1` and the like, which belong to the marker after them."""
    if "%" not in part:
        return False
    lines = (line for line in part.splitlines() if line.strip() and not line.startswith("#"))
    return all(line.startswith("%") for line in lines)


@dataclass(slots=True)
class _Budget:
    nodes: int = 0

    def spend(self, count: int) -> None:
        self.nodes += count
        if self.nodes > MAX_NODES:
            raise Unreadable(
                "The file is too large once its aliases are written out."
                if count > 1
                else f"The file holds more than {MAX_NODES:,} values."
            )


@dataclass(slots=True)
class _Frame:
    """A container that is still open; `key` waits for its value. `before`: nodes spent when it began."""

    value: Mapping | Listing
    anchor: str | None
    before: int
    key: str | None = None

    def place(self, value: Any, line: int) -> None:
        if isinstance(self.value, Listing):
            self.value.append(value)
            self.value.lines.append(line)
        elif self.key is None:
            self._take_key(value, line)
        else:
            self._put(self.key, value)
            self.key = None

    def _take_key(self, value: Any, line: int) -> None:
        if isinstance(value, Mapping | Listing):
            raise Fault(line, "A key must be a word, not a list or a mapping.")
        self.key = "null" if value is None else value
        assert isinstance(self.value, Mapping)
        if self.key in self.value and self.key != "<<":
            self.value.doubles.append(self.key)
        self.value.lines[self.key] = line

    def _put(self, key: str, value: Any) -> None:
        assert isinstance(self.value, Mapping)
        if key != "<<":
            self.value[key] = value
            return
        # A merge key: what stands in the mapping itself goes before.
        for each in value if isinstance(value, Listing) else [value]:
            if not isinstance(each, Mapping):
                raise Fault(self.value.line, "Only a mapping can be merged by “<<”.")
            for name, merged in each.items():
                self.value.setdefault(name, merged)


class _Builder:
    """Makes values of the events of one part."""

    def __init__(self, first_line: int, budget: _Budget) -> None:
        self._first, self._budget = first_line, budget
        self._open: list[_Frame] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._root: tuple[int, Any] = (first_line, None)

    def read(self, text: str) -> Iterator[tuple[int, Any]]:
        """(line, value) of each document."""
        try:
            for event in yaml.parse(text, Loader=_LOADER):
                line = self._first + int(getattr(event.start_mark, "line", 0))
                if isinstance(event, yaml.DocumentStartEvent):
                    self._root, self._anchors = (line, None), {}
                elif isinstance(event, yaml.DocumentEndEvent):
                    yield self._root
                elif isinstance(event, yaml.NodeEvent):
                    self._begin(event, line)
                elif isinstance(event, yaml.CollectionEndEvent):
                    self._end()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise Fault(self._first + int(getattr(mark, "line", 0)), _sentence(error.problem)) from None
        except yaml.YAMLError as error:
            raise Fault(self._first, _sentence(getattr(error, "reason", ""))) from None

    def _begin(self, event: yaml.NodeEvent, line: int) -> None:
        """A scalar or an alias, whole; or the start of a container."""
        self._budget.spend(1)
        if isinstance(event, yaml.CollectionStartEvent):
            if len(self._open) >= MAX_DEPTH:
                raise Fault(line, f"It is nested deeper than {MAX_DEPTH} levels.")
            new = Mapping(line) if isinstance(event, yaml.MappingStartEvent) else Listing(line)
            self._open.append(_Frame(new, event.anchor, self._budget.nodes))
            return
        if isinstance(event, yaml.AliasEvent):
            value = self._alias(event.anchor or "", line)
        else:
            assert isinstance(event, yaml.ScalarEvent)
            # The C parser has the style as text, the other one None for a plain scalar.
            plain = not event.style and event.implicit[0]
            value = None if plain and event.value in _NULLS else clean(event.value)
            if event.anchor:
                self._anchors[event.anchor] = (value, 1)
        self._place(value, line)

    def _end(self) -> None:
        frame = self._open.pop()
        if frame.anchor:
            self._anchors[frame.anchor] = (frame.value, self._budget.nodes - frame.before + 1)
        self._place(frame.value, frame.value.line)

    def _place(self, value: Any, line: int) -> None:
        if self._open:
            self._open[-1].place(value, line)
        else:
            self._root = (line, value)

    def _alias(self, name: str, line: int) -> Any:
        if name not in self._anchors:
            raise Fault(line, f"The alias “*{name[:40]}” stands for nothing before it, or for what holds it.")
        value, size = self._anchors[name]
        self._budget.spend(size)
        return value


def _sentence(reason: object) -> str:
    words = clean(str(reason or ""), 200).strip()
    return f"This is not valid YAML: {words}." if words else "This is not valid YAML."


def line_at(value: Any, path: Path) -> int | None:
    """The line of what stands at `path`, or of the nearest thing above it."""
    line: int | None = getattr(value, "line", None)
    for part in path:
        if isinstance(value, Mapping) and isinstance(part, str) and part in value:
            line = value.lines.get(part, line)
        elif isinstance(value, Listing) and isinstance(part, int) and part < len(value):
            line = value.lines[part]
        else:
            break
        value = value[part]  # type: ignore[index]  # one of the two above
    return line


def doubled(value: Any) -> list[tuple[Path, str]]:
    """Keys that stand twice: (path of the mapping, key)."""
    found: list[tuple[Path, str]] = []
    waiting: list[tuple[Path, Any]] = [((), value)]
    seen: set[int] = set()
    while waiting:
        path, each = waiting.pop()
        if id(each) in seen:
            continue
        if isinstance(each, Mapping):
            seen.add(id(each))
            found += [(path, key) for key in each.doubles]
            waiting += [((*path, key), item) for key, item in each.items() if isinstance(item, dict | list)]
        elif isinstance(each, Listing):
            seen.add(id(each))
            waiting += [((*path, n), item) for n, item in enumerate(each) if isinstance(item, dict | list)]
    return found

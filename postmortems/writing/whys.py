"""The chained whys of a postmortem as a tree. Pure: no Django, no database.

The same nodes are the fault tree: a node is an event, its children what brought it about, its gate whether all of
them together or any one alone (AND and OR gates as in IEC 61025).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

NEEDED = 2
MAX_DEPTH = 12
MAX_NODES = 200


class Row(Protocol):
    """A stored node."""

    pk: int
    parent_id: int | None
    text: str
    gate: str


@dataclass
class Why:
    """A node with what is below it. `depth`: 0 for what happened, 1 for the first why."""

    row: Row
    depth: int
    children: list[Why] = field(default_factory=list)

    @property
    def is_cause(self) -> bool:
        """Whether no further why was asked: a basic event of the fault tree."""
        return not self.children and self.depth > 0


def tree_of(rows: Iterable[Row]) -> list[Why]:
    """The roots, in the order the rows come in. Rows whose parent is missing are left out."""
    below: dict[int | None, list[Row]] = {}
    for row in rows:
        below.setdefault(row.parent_id, []).append(row)

    def build(row: Row, depth: int) -> Why:
        return Why(row, depth, [build(child, depth + 1) for child in below.get(row.pk, [])])

    return [build(row, 0) for row in below.get(None, [])]


def flat(roots: Sequence[Why]) -> list[Why]:
    """Every node, each before what is below it."""
    found: list[Why] = []
    for node in roots:
        found.append(node)
        found += flat(node.children)
    return found


def depth_of(roots: Sequence[Why]) -> int:
    """How many whys the longest chain asks; what happened itself does not count."""
    return max((node.depth for node in flat(roots)), default=0)


def under(rows: Iterable[Row], pk: int) -> set[int]:
    """The keys of a node and of all below it."""
    children: dict[int | None, list[int]] = {}
    for row in rows:
        children.setdefault(row.parent_id, []).append(row.pk)
    found, left = set(), [pk]
    while left:
        key = left.pop()
        if key not in found:
            found.add(key)
            left += children.get(key, [])
    return found


@dataclass(frozen=True)
class Box:
    """A node's place in the drawing, in units of one column by one row: `x` of its middle, `y` of its row."""

    why: Why
    x: float
    y: int


def layout(roots: Sequence[Why]) -> tuple[list[Box], int]:
    """Boxes from top to bottom, leaves side by side, each parent over the middle of its children; and how many
    columns it takes."""
    boxes: list[Box] = []
    columns = 0

    def place(node: Why) -> float:
        nonlocal columns
        if node.children:
            places = [place(child) for child in node.children]
            x = (places[0] + places[-1]) / 2
        else:
            x, columns = columns + 0.5, columns + 1
        boxes.append(Box(node, x, node.depth))
        return x

    for root in roots:
        place(root)
    return boxes, columns


def sentence(node: Why) -> str:
    """The fault tree in words, for those who do not see the drawing."""
    if not node.children:
        return node.row.text
    joint = " and " if node.row.gate == "and" else " or "
    return f"{node.row.text} because ({joint.join(sentence(child) for child in node.children)})"

"""The map as lists: by layer, or from one service outward by hops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from services.choices import Layer, layer_of
from services.graph import HARD, Node, Reached
from services.selectors.map import Condition, Owner, Seen

PAGE_SIZE = 100
NAMED = 3
MOST_REACHED = 200
UP, DOWN, BOTH = "up", "down", "both"
ALL_HOPS = 0


@dataclass(frozen=True)
class Wanted:
    """What to show. `hops` 0: all. `layers` empty: every one. `affected`: only what open incidents concern."""

    focus: str = ""
    hops: int = 2
    way: str = BOTH
    text: str = ""
    layers: frozenset[int] = frozenset()
    affected: bool = False
    cursor: str = ""

    def fits(self, node: Node, seen: Seen) -> bool:
        if self.layers and int(layer_of(node.kind)) not in self.layers:
            return False
        if self.affected and node.id not in seen.troubled:
            return False
        text = self.text.casefold()
        return not text or text in node.name.casefold() or text in node.slug


@dataclass(frozen=True)
class Row:
    """A service with its nearest neighbours: `NAMED` of each kind by slug, and how many there are."""

    node: Node
    layer: Layer
    owner: Owner | None
    condition: Condition | None
    needs: list[Node]
    needs_count: int
    needed_by: list[Node]
    needed_by_count: int


@dataclass(frozen=True)
class Step:
    """A service some hops from the focus. `path`: from the focus to it; empty when there are too many to tell."""

    node: Node
    depth: int
    hard: bool
    owner: Owner | None
    condition: Condition | None
    path: list[Node]


@dataclass(frozen=True)
class Levels:
    """One direction from the focus: `steps` nearest first; `unfit` left out by the filter, `more` beyond the most."""

    way: str
    steps: list[Step]
    total: int
    unfit: int
    more: int


@dataclass(frozen=True)
class LayerPage:
    """Rows by layer, then by slug. `counts`: fitting services of each layer. Cursors as in `page_by_slug`."""

    rows: list[Row]
    counts: dict[Layer, int]
    earlier: str
    later: str

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def by_layer(seen: Seen, wanted: Wanted) -> LayerPage:
    """A page of the visible services that fit. A cursor is `a<layer>.<slug>` (after it) or `b…` (before it)."""
    nodes = seen.graph.nodes
    keys = sorted(
        (int(layer_of(nodes[position].kind)), nodes[position].slug, position)
        for position in seen.positions
        if wanted.fits(nodes[position], seen)
    )
    counts = Counter(layer for layer, _slug, _position in keys)
    place = _read(wanted.cursor)
    if place is None:
        start, end = 0, PAGE_SIZE
    elif wanted.cursor[0] == "b":
        end = sum(1 for key in keys if key[:2] < place)
        start = max(0, end - PAGE_SIZE)
    else:
        start = sum(1 for key in keys if key[:2] <= place)
        end = start + PAGE_SIZE
    shown = keys[start:end]
    return LayerPage(
        rows=[_row(seen, position) for _layer, _slug, position in shown],
        counts={Layer(layer): counts[layer] for layer in sorted(counts)},
        earlier=f"b{shown[0][0]}.{shown[0][1]}" if shown and start > 0 else "",
        later=f"a{shown[-1][0]}.{shown[-1][1]}" if shown and end < len(keys) else "",
    )


def _read(cursor: str) -> tuple[int, str] | None:
    way, layer, dot, slug = cursor[:1], cursor[1:2], cursor[2:3], cursor[3:66]
    known = way in ("a", "b") and layer in {"0", "1", "2", "3"} and dot == "."
    return (int(layer), slug) if known else None


def _row(seen: Seen, position: int) -> Row:
    nodes = seen.graph.nodes
    node, needs, needed_by = nodes[position], seen.needs(position), seen.needed_by(position)
    return Row(
        node=node,
        layer=layer_of(node.kind),
        owner=seen.teams.get(node.team_id or 0),
        condition=seen.condition(node),
        needs=[nodes[other] for other in needs[:NAMED]],
        needs_count=len(needs),
        needed_by=[nodes[other] for other in needed_by[:NAMED]],
        needed_by_count=len(needed_by),
    )


def from_focus(seen: Seen, focus: Node, wanted: Wanted) -> list[Levels]:
    """What the focus needs, and who needs it, as far as `hops` reach; one or both by `way`."""
    found = []
    if wanted.way in (UP, BOTH):
        found.append(_levels(seen, UP, seen.graph.suspects(focus.id, hidden=seen.unseen), wanted))
    if wanted.way in (DOWN, BOTH):
        found.append(_levels(seen, DOWN, seen.graph.blast_radius(focus.id, hidden=seen.unseen), wanted))
    return found


def _levels(seen: Seen, way: str, reached: Iterable[Reached], wanted: Wanted) -> Levels:
    near = [row for row in reached if wanted.hops == ALL_HOPS or row.depth <= wanted.hops]
    fitting = [row for row in near if wanted.fits(row.node, seen)]
    nodes, place = seen.graph.nodes, seen.graph.place
    steps = [
        Step(
            node=row.node,
            depth=row.depth,
            hard=row.kind == HARD,
            owner=seen.teams.get(row.node.team_id or 0),
            condition=seen.condition(row.node),
            path=[nodes[place[pk]] for pk in row.path],
        )
        for row in fitting[:MOST_REACHED]
    ]
    return Levels(way, steps, len(near), len(near) - len(fitting), max(0, len(fitting) - MOST_REACHED))

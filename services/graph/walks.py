"""Walks over the dependency graph. Pure: plain rows in, plain rows out; cycles are ordinary.

An edge (A, B, kind) says "A needs B". The blast radius of B is everything that reaches B; the suspects of A are
everything A reaches.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from services.graph.circles import circles

Edge = tuple[int, int, str]
HARD, SOFT = "hard", "soft"
# A long chain has paths that grow with the square of its length: beyond so many steps in all, rows have no path.
MOST_STEPS = 2_000_000
_NOBODY: frozenset[int] = frozenset()


class Node(NamedTuple):
    """What a walk needs to know of a service."""

    id: int
    slug: str
    name: str = ""
    kind: str = "service"
    tier: int = 3
    team_id: int | None = None


class Reached(NamedTuple):
    """A node met on a walk: how far, by which shortest path (start first), and how hard it is hit.

    `kind` is hard when a path of hard edges alone leads there, else soft (it degrades). `path`: node ids; empty when
    the answer would have been too long (`MOST_STEPS`).
    """

    node: Node
    depth: int
    kind: str
    path: tuple[int, ...]


class Spread(NamedTuple):
    """How a node is hit by several failing ones: from the nearest, `depth` hops away; `kind` as in `Reached`."""

    origin: int
    depth: int
    kind: str


@dataclass(frozen=True)
class Graph:
    """Nodes in order of slug, and for each the positions of its neighbours in ascending order.

    `needs[n]`, `needed_by[n]`: all edges; `hard_needs`, `hard_needed_by`: those of kind hard alone. Build with
    `Graph.of`.
    """

    nodes: Sequence[Node]
    needs: Sequence[Sequence[int]]
    needed_by: Sequence[Sequence[int]]
    hard_needs: Sequence[Sequence[int]]
    hard_needed_by: Sequence[Sequence[int]]
    edge_count: int

    @classmethod
    def of(cls, nodes: Iterable[Node], edges: Iterable[Edge]) -> Graph:
        """Edges with an unknown end, or from a node to itself, are left out; a pair twice is hard if either is."""
        pairs: dict[tuple[int, int], bool] = {}
        for downstream, upstream, kind in edges:
            if downstream != upstream:
                pairs[downstream, upstream] = pairs.get((downstream, upstream), False) or kind == HARD
        return cls.built(
            nodes,
            [pair for pair, hard in pairs.items() if hard],
            [pair for pair, hard in pairs.items() if not hard],
        )

    @classmethod
    def built(
        cls, nodes: Iterable[Node], hard: Iterable[tuple[int, int]], soft: Iterable[tuple[int, int]]
    ) -> Graph:
        """From (downstream, upstream) ids, each pair once and none of a node with itself; unknown ends are left out."""
        ordered = sorted(nodes, key=_slug)
        place = {node.id: position for position, node in enumerate(ordered)}
        hard_needs, hard_needed_by, count = _neighbours(place, hard)
        soft_needs, soft_needed_by, more = _neighbours(place, soft)
        return cls(
            ordered,
            _merged(hard_needs, soft_needs),
            _merged(hard_needed_by, soft_needed_by),
            hard_needs,
            hard_needed_by,
            count + more,
        )

    @cached_property
    def place(self) -> dict[int, int]:
        """Position by node id."""
        return {node.id: position for position, node in enumerate(self.nodes)}

    def blast_radius(self, start: int, *, hidden: Collection[int] = _NOBODY) -> list[Reached]:
        """Who suffers when the node with id `start` fails: nearest first, ties by slug; never itself.

        `hidden`: positions the walk does not enter. Of several shortest paths the one smallest by slugs.
        """
        return self._walk(start, self.needed_by, self.hard_needed_by, hidden)

    def suspects(self, start: int, *, hidden: Collection[int] = _NOBODY) -> list[Reached]:
        """What the node stands on, told in the same way."""
        return self._walk(start, self.needs, self.hard_needs, hidden)

    def _walk(
        self,
        start: int,
        neighbours: Sequence[Sequence[int]],
        hard_neighbours: Sequence[Sequence[int]],
        hidden: Collection[int],
    ) -> list[Reached]:
        origin = self.place.get(start)
        if origin is None:
            return []
        levels, parent = _breadth_first(origin, neighbours, hidden)
        hard = _closure([origin], hard_neighbours, hidden)
        nodes = self.nodes
        paths: dict[int, tuple[int, ...]] = {origin: (start,)}
        found: list[Reached] = []
        steps = 0
        for depth, level in enumerate(levels, start=1):
            steps += depth * len(level)
            fits = steps <= MOST_STEPS
            following: dict[int, tuple[int, ...]] = {}
            for position in sorted(level):
                node = nodes[position]
                path = (*paths[parent[position]], node.id) if fits else ()
                if fits:
                    following[position] = path
                found.append(Reached(node, depth, HARD if position in hard else SOFT, path))
            paths = following
        return found

    def spread(self, starts: Iterable[int], *, hidden: Collection[int] = _NOBODY) -> dict[int, Spread]:
        """Id → how it is hit when all of `starts` (ids) fail; the failing ones themselves are not in it."""
        origins = sorted({self.place[start] for start in starts if start in self.place} - set(hidden))
        depth, origin = dict.fromkeys(origins, 0), {position: position for position in origins}
        level = origins
        while level:
            following = []
            for position in level:
                for other in self.needed_by[position]:
                    if other not in depth and other not in hidden:
                        depth[other], origin[other] = depth[position] + 1, origin[position]
                        following.append(other)
            level = following
        hard = _closure(origins, self.hard_needed_by, hidden)
        failing = set(origins)
        return {
            self.nodes[position].id: Spread(
                self.nodes[origin[position]].id, far, HARD if position in hard else SOFT
            )
            for position, far in depth.items()
            if position not in failing
        }

    def upstream(self, start: int, *, hard: bool = False) -> dict[int, int]:
        """Id → hops, of everything the node needs; through hard edges alone when `hard`. Not itself."""
        origin = self.place.get(start)
        if origin is None:
            return {}
        levels, _parent = _breadth_first(origin, self.hard_needs if hard else self.needs, _NOBODY)
        return {self.nodes[p].id: far for far, level in enumerate(levels, start=1) for p in level}

    def downstream(self, starts: Iterable[int], *, hard: bool = False) -> set[int]:
        """Ids of everything that needs one of these, at any depth; the starts only where another one hits them."""
        lists = self.hard_needed_by if hard else self.needed_by
        origins = [self.place[start] for start in starts if start in self.place]
        met = _closure([p for origin in origins for p in lists[origin]], lists, _NOBODY)
        return {self.nodes[position].id for position in met}

    @cached_property
    def circles(self) -> list[tuple[int, ...]]:
        """Groups of nodes (positions) that need each other in a circle; two or more, ascending."""
        return circles(range(len(self.nodes)), self.needs.__getitem__)

    def circles_seen(self, hidden: Collection[int] = _NOBODY) -> list[tuple[int, ...]]:
        """The same as somebody sees them to whom these positions are hidden."""
        if not hidden or not self.circles:
            return self.circles
        left = {position for circle in self.circles for position in circle}.difference(hidden)
        return circles(sorted(left), self._within(left))

    def _within(self, positions: Collection[int]) -> Callable[[int], list[int]]:
        return lambda position: [other for other in self.needs[position] if other in positions]


_slug = attrgetter("slug")


def _neighbours(
    place: Mapping[int, int], pairs: Iterable[tuple[int, int]]
) -> tuple[list[list[int]], list[list[int]], int]:
    """(what each position needs, who needs it, how many edges), all ascending."""
    needs: list[list[int]] = [[] for _node in place]
    needed_by: list[list[int]] = [[] for _node in place]
    count = 0
    for downstream, upstream in pairs:
        a, b = place.get(downstream), place.get(upstream)
        if a is not None and b is not None:
            needs[a].append(b)
            needed_by[b].append(a)
            count += 1
    for each in (*needs, *needed_by):
        each.sort()
    return needs, needed_by, count


def _merged(hard: Sequence[list[int]], soft: Sequence[list[int]]) -> list[list[int]]:
    """Both; the very same list where there is nothing soft."""
    return [one if not other else sorted(one + other) for one, other in zip(hard, soft, strict=True)]


def _breadth_first(
    origin: int, neighbours: Sequence[Sequence[int]], hidden: Collection[int]
) -> tuple[list[list[int]], dict[int, int]]:
    """(nodes of each level from depth 1 on, in order of their path, and each node's parent)."""
    parent = {origin: origin}
    levels: list[list[int]] = []
    level = [origin]
    while level:
        following: list[int] = []
        for position in level:
            for other in neighbours[position]:
                if other not in parent and other not in hidden:
                    parent[other] = position
                    following.append(other)
        if following:
            levels.append(following)
        level = following
    return levels, parent


def _closure(starts: Iterable[int], neighbours: Sequence[Sequence[int]], hidden: Collection[int]) -> set[int]:
    seen = set(starts).difference(hidden)
    waiting = list(seen)
    while waiting:
        for other in neighbours[waiting.pop()]:
            if other not in seen and other not in hidden:
                seen.add(other)
                waiting.append(other)
    return seen

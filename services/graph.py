"""Walks over the dependency graph. Pure: plain ids in, plain rows out; cycles are ordinary.

An edge (A, B, kind) says "A needs B". The blast radius of B is everything that reaches B; the
suspects of A are everything A reaches.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Edge = tuple[int, int, str]
HARD, SOFT = "hard", "soft"


@dataclass(frozen=True)
class Reached:
    """A node met on the walk: how far, by which shortest path (start first), and how hard it is hit.

    `kind` is hard when a path of hard edges alone leads there, else soft (it degrades).
    """

    node: int
    depth: int
    kind: str
    path: tuple[int, ...]


def blast_radius(edges: Iterable[Edge], start: int, names: Mapping[int, str]) -> list[Reached]:
    """Who suffers when `start` fails, nearest first, ties by name; never `start` itself."""
    neighbours: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for downstream, upstream, kind in edges:
        neighbours[upstream].append((downstream, kind))
    return _walk(neighbours, start, names)


def suspects(edges: Iterable[Edge], start: int, names: Mapping[int, str]) -> list[Reached]:
    """What `start` stands on, nearest first, ties by name; never `start` itself."""
    neighbours: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for downstream, upstream, kind in edges:
        neighbours[downstream].append((upstream, kind))
    return _walk(neighbours, start, names)


def _walk(
    neighbours: Mapping[int, list[tuple[int, str]]], start: int, names: Mapping[int, str]
) -> list[Reached]:
    """Breadth first; of several shortest paths the one smallest by names, step by step."""
    parent: dict[int, int] = {start: start}
    depth = {start: 0}
    level = [start]
    while level:
        following: list[int] = []
        for node in level:
            for neighbour, _kind in sorted(neighbours.get(node, ()), key=lambda pair: names.get(pair[0], "")):
                if neighbour not in depth:
                    depth[neighbour], parent[neighbour] = depth[node] + 1, node
                    following.append(neighbour)
        level = following
    hard = _reached_hard(neighbours, start)
    found = [
        Reached(node, depth[node], HARD if node in hard else SOFT, _path(parent, start, node))
        for node in depth
        if node != start
    ]
    return sorted(found, key=lambda row: (row.depth, names.get(row.node, "")))


def _reached_hard(neighbours: Mapping[int, list[tuple[int, str]]], start: int) -> set[int]:
    seen = {start}
    queue = deque([start])
    while queue:
        for neighbour, kind in neighbours.get(queue.popleft(), ()):
            if kind == HARD and neighbour not in seen:
                seen.add(neighbour)
                queue.append(neighbour)
    return seen


def _path(parent: Mapping[int, int], start: int, node: int) -> tuple[int, ...]:
    path = [node]
    while path[-1] != start:
        path.append(parent[path[-1]])
    return tuple(reversed(path))


def cycles(edges: Iterable[Edge]) -> list[tuple[int, ...]]:
    """Groups of nodes that need each other in a circle (strongly connected, two or more), sorted.

    Tarjan's algorithm, iterative, so that a long chain cannot exhaust the stack.
    """
    neighbours: dict[int, list[int]] = defaultdict(list)
    nodes: dict[int, None] = {}
    for downstream, upstream, _kind in edges:
        neighbours[downstream].append(upstream)
        nodes.setdefault(downstream)
        nodes.setdefault(upstream)
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    found: list[tuple[int, ...]] = []
    for root in nodes:
        if root in index:
            continue
        work = [(root, iter(neighbours[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, rest = work[-1]
            step = next(rest, None)
            if step is not None:
                if step not in index:
                    index[step] = low[step] = len(index)
                    stack.append(step)
                    on_stack.add(step)
                    work.append((step, iter(neighbours[step])))
                elif step in on_stack:
                    low[node] = min(low[node], index[step])
                continue
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[node])
            if low[node] == index[node]:
                group = _pop_group(stack, on_stack, node)
                if len(group) > 1:
                    found.append(tuple(sorted(group)))
    return sorted(found)


def _pop_group(stack: list[int], on_stack: set[int], root: int) -> list[int]:
    group: list[int] = []
    while True:
        node = stack.pop()
        on_stack.discard(node)
        group.append(node)
        if node == root:
            return group

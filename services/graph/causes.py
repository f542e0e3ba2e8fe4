"""Cause or symptom: what the graph and the order of the first alerts say about several services in trouble. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import NamedTuple

from services.graph.walks import Graph

# Alerts of one failure come in within a scrape interval or two of each other, in any order.
TOGETHER = dt.timedelta(minutes=2)
_MOST_COMMON = 5


class Cause(NamedTuple):
    """A failing node that needs no other failing one.

    `explains`: failing nodes (ids) that need it, nearest first. `first_at`: its first alert, None when none is known.
    `came_first`: no explained node's alert is older than its own by more than `TOGETHER`; None when not known.
    """

    node: int
    explains: tuple[int, ...]
    first_at: dt.datetime | None
    came_first: bool | None


class Reading(NamedTuple):
    """`causes`: likeliest first. `symptom_of`: failing node → the cause that is nearest to it. `common`: nodes without
    any alert that all failing ones need, nearest first; only when several fail and none of them explains the rest."""

    causes: list[Cause]
    symptom_of: dict[int, int]
    common: list[int]


def read(
    graph: Graph, failing: Mapping[int, dt.datetime | None], *, hidden: Collection[int] = frozenset()
) -> Reading:
    """Tell causes from symptoms among failing nodes (id → first alert). Nodes the graph does not know are causes
    that explain nothing. Nodes in a circle with each other: the one whose alert came first stands for it."""
    above = {node: _needed(graph, node, hidden) for node in failing}
    roots = [node for node in failing if not _beaten(node, failing, above)]
    symptom_of: dict[int, int] = {}
    explains: dict[int, list[tuple[int, int]]] = {root: [] for root in roots}
    for node in failing:
        near = [(above[node][root], root) for root in roots if root in above[node] and root != node]
        if node in explains or not near:
            continue
        symptom_of[node] = min(near)[1]
        for far, root in near:
            explains[root].append((far, node))
    causes = [_cause(root, explains[root], failing) for root in roots]
    causes.sort(key=lambda cause: (-len(cause.explains), cause.came_first is False, _when(cause.first_at)))
    one_explains_all = len(causes) == 1
    common = [] if len(failing) < 2 or one_explains_all else _common(failing, above)
    return Reading(causes, symptom_of, common)


def _needed(graph: Graph, node: int, hidden: Collection[int]) -> dict[int, int]:
    return {row.node.id: row.depth for row in graph.suspects(node, hidden=hidden)}


def _beaten(
    node: int, failing: Mapping[int, dt.datetime | None], above: Mapping[int, Mapping[int, int]]
) -> bool:
    """Whether another failing node lies above it, or in a circle with it and came first."""
    for other in failing:
        if other == node or other not in above[node]:
            continue
        in_circle = node in above[other]
        if not in_circle or (_when(failing[other]), other) < (_when(failing[node]), node):
            return True
    return False


def _cause(root: int, explained: list[tuple[int, int]], failing: Mapping[int, dt.datetime | None]) -> Cause:
    own = failing[root]
    others = [at for _far, node in explained if (at := failing[node]) is not None]
    came_first = None if own is None or not others else own <= min(others) + TOGETHER
    return Cause(root, tuple(node for _far, node in sorted(explained)), own, came_first)


def _common(failing: Mapping[int, dt.datetime | None], above: Mapping[int, Mapping[int, int]]) -> list[int]:
    shared = set.intersection(*(set(above[node]) for node in failing)) - set(failing)
    return sorted(shared, key=lambda node: (max(above[each][node] for each in failing), node))[:_MOST_COMMON]


def _when(at: dt.datetime | None) -> float:
    return at.timestamp() if at else float("inf")

"""Strongly connected components: groups of nodes each of which needs every other, directly or not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence


def circles(nodes: Iterable[int], needs: Callable[[int], Sequence[int]]) -> list[tuple[int, ...]]:
    """The groups with two or more nodes, each ascending, all sorted.

    Tarjan's algorithm (SIAM J. Comput. 1, 1972), iterative, so that a long chain cannot exhaust the stack.
    """
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    found: list[tuple[int, ...]] = []

    def enter(node: int) -> tuple[int, Iterator[int]]:
        index[node] = low[node] = len(index)
        stack.append(node)
        on_stack.add(node)
        return node, iter(needs(node))

    for root in nodes:
        if root in index:
            continue
        work = [enter(root)]
        while work:
            node, rest = work[-1]
            step = next(rest, None)
            if step is not None:
                if step not in index:
                    work.append(enter(step))
                elif step in on_stack:
                    low[node] = min(low[node], index[step])
                continue
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[node])
            if low[node] == index[node]:
                group = _popped(stack, on_stack, node)
                if len(group) > 1:
                    found.append(tuple(sorted(group)))
    return sorted(found)


def _popped(stack: list[int], on_stack: set[int], root: int) -> list[int]:
    group: list[int] = []
    while True:
        node = stack.pop()
        on_stack.discard(node)
        group.append(node)
        if node == root:
            return group

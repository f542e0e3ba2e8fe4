"""Walks over the dependency graph against an oracle that enumerates every path."""

from __future__ import annotations

from itertools import pairwise, permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from services.graph import Edge, Reached, blast_radius, cycles, suspects

NAMES = {number: f"s{number}" for number in range(6)}
edges_of_six = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.sampled_from(["hard", "soft"])).filter(
        lambda edge: edge[0] != edge[1]
    ),
    max_size=14,
    unique_by=lambda edge: edge[:2],
)


def simple_paths(edges: list[Edge], start: int) -> list[tuple[tuple[int, ...], bool]]:
    """Every path without repetition from `start` along (from, to, kind), and whether all of it is hard."""
    kinds = {(one, two): kind for one, two, kind in edges}
    found = []
    others = [node for node in NAMES if node != start]
    for length in range(1, len(others) + 1):
        for rest in permutations(others, length):
            path = (start, *rest)
            steps = list(pairwise(path))
            if all(step in kinds for step in steps):
                found.append((path, all(kinds[step] == "hard" for step in steps)))
    return found


def oracle(edges: list[Edge], start: int) -> list[Reached]:
    paths = simple_paths(edges, start)
    rows = []
    for node in NAMES:
        mine = [(path, hard) for path, hard in paths if path[-1] == node]
        if mine:
            best = min(
                (path for path, _hard in mine), key=lambda path: (len(path), [NAMES[step] for step in path])
            )
            kind = "hard" if any(hard for _path, hard in mine) else "soft"
            rows.append(Reached(node, len(best) - 1, kind, best))
    return sorted(rows, key=lambda row: (row.depth, NAMES[row.node]))


@settings(max_examples=60, deadline=None)
@given(edges_of_six, st.integers(0, 5))
def test_walks_agree_with_every_path_there_is(edges: list[Edge], start: int) -> None:
    turned = [(upstream, downstream, kind) for downstream, upstream, kind in edges]
    assert blast_radius(edges, start, NAMES) == oracle(turned, start)
    assert suspects(edges, start, NAMES) == oracle(edges, start)


@settings(max_examples=60, deadline=None)
@given(edges_of_six)
def test_cycles_are_those_who_reach_each_other(edges: list[Edge]) -> None:
    reach = {node: {path[-1] for path, _hard in simple_paths(edges, node)} for node in NAMES}
    groups = {
        tuple(sorted({node} | {other for other in reach[node] if node in reach[other]})) for node in NAMES
    }
    assert cycles(edges) == sorted(group for group in groups if len(group) > 1)


def test_a_long_chain_is_no_problem() -> None:
    names = {number: f"{number:06}" for number in range(5000)}
    chain = [(number + 1, number, "hard") for number in range(4999)]
    found = blast_radius(chain, 0, names)
    assert (len(found), found[-1].depth, found[-1].node) == (4999, 4999, 4999)
    assert cycles([*chain, (0, 4999, "soft")]) == [tuple(range(5000))]

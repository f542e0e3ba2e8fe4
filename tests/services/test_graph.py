"""Walks over the dependency graph against networkx, which knows the same rules."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from services.graph import Edge, Graph, Node, Reached, Spread, read

MANY = 9
# Slugs in another order than ids, so that ties by one are not ties by the other.
NODES = [Node(number, f"s{(number * 4) % MANY}") for number in range(MANY)]
SLUG = {node.id: node.slug for node in NODES}
ids = st.integers(0, MANY - 1)
some_edges = st.lists(
    st.tuples(ids, ids, st.sampled_from(["hard", "soft"])), max_size=26, unique_by=lambda edge: edge[:2]
).map(lambda edges: [edge for edge in edges if edge[0] != edge[1]])
seen = settings(max_examples=150, deadline=None)


def drawn(edges: list[Edge], *, hard: bool = False, without: set[int] = frozenset()) -> nx.DiGraph:
    """Arrows lead from what is needed to who needs it."""
    picture = nx.DiGraph()
    picture.add_nodes_from(node.id for node in NODES if node.id not in without)
    picture.add_edges_from(
        (up, down)
        for down, up, kind in edges
        if up not in without and down not in without and (kind == "hard" or not hard)
    )
    return picture


def told(picture: nx.DiGraph, hard: nx.DiGraph, start: int) -> list[Reached]:
    """What a walk from `start` along the arrows must answer."""
    rows = []
    for node in NODES:
        if node.id == start or node.id not in picture or not nx.has_path(picture, start, node.id):
            continue
        path = min(
            nx.all_shortest_paths(picture, start, node.id), key=lambda path: [SLUG[step] for step in path]
        )
        kind = "hard" if nx.has_path(hard, start, node.id) else "soft"
        rows.append(Reached(node, len(path) - 1, kind, tuple(path)))
    return sorted(rows, key=lambda row: (row.depth, row.node.slug))


@seen
@given(some_edges, ids)
def test_both_walks_agree_with_networkx(edges: list[Edge], start: int) -> None:
    graph = Graph.of(NODES, edges)
    down, hard = drawn(edges), drawn(edges, hard=True)
    assert graph.blast_radius(start) == told(down, hard, start)
    assert graph.suspects(start) == told(down.reverse(), hard.reverse(), start)
    assert set(graph.upstream(start, hard=True)) == nx.ancestors(hard, start)
    assert graph.downstream([start]) - {start} == nx.descendants(down, start)


@seen
@given(some_edges, ids, st.sets(ids, max_size=4))
def test_hidden_services_are_as_if_they_were_not_there(
    edges: list[Edge], start: int, unseen: set[int]
) -> None:
    unseen = unseen - {start}
    graph = Graph.of(NODES, edges)
    positions = {graph.place[pk] for pk in unseen}
    left = drawn(edges, without=unseen)
    assert graph.blast_radius(start, hidden=positions) == told(
        left, drawn(edges, hard=True, without=unseen), start
    )
    groups = [{graph.nodes[position].id for position in circle} for circle in graph.circles_seen(positions)]
    expected = [group for group in nx.strongly_connected_components(left) if len(group) > 1]
    assert sorted(map(sorted, groups)) == sorted(map(sorted, expected))


@seen
@given(some_edges, st.sets(ids, min_size=1, max_size=4))
def test_several_failing_services_hit_what_the_nearest_of_them_hits(
    edges: list[Edge], starts: set[int]
) -> None:
    down, hard = drawn(edges), drawn(edges, hard=True)
    found = Graph.of(NODES, edges).spread(starts)
    reached = set().union(*(nx.descendants(down, start) for start in starts)) - starts
    assert set(found) == reached
    for pk, hit in found.items():
        far = {
            start: nx.shortest_path_length(down, start, pk)
            for start in starts
            if nx.has_path(down, start, pk)
        }
        assert hit.depth == min(far.values()) == far[hit.origin]
        assert (hit.kind == "hard") == any(nx.has_path(hard, start, pk) for start in starts)
        assert isinstance(hit, Spread)


@seen
@given(some_edges, st.dictionaries(ids, st.one_of(st.none(), st.integers(0, 30)), min_size=1, max_size=5))
def test_causes_need_no_failing_service_and_symptoms_need_one(
    edges: list[Edge], minutes: dict[int, int | None]
) -> None:
    start = dt.datetime(2026, 11, 1, 3, 0, tzinfo=dt.UTC)
    failing = {pk: None if at is None else start + dt.timedelta(minutes=at) for pk, at in minutes.items()}
    found = read(Graph.of(NODES, edges), failing)
    down = drawn(edges)
    causes = {cause.node for cause in found.causes}
    assert causes.isdisjoint(found.symptom_of)
    assert causes | set(found.symptom_of) == set(failing)
    for cause in found.causes:
        assert set(cause.explains) <= nx.descendants(down, cause.node) & set(failing)
        above = nx.ancestors(down, cause.node) & set(failing)
        # What lies above a cause can only be in a circle with it.
        assert all(nx.has_path(down, cause.node, other) for other in above)
    for symptom, cause_id in found.symptom_of.items():
        assert nx.has_path(down, cause_id, symptom)
    for common in found.common:
        assert common not in failing
        assert all(nx.has_path(down, common, pk) for pk in failing)


def test_a_long_chain_is_no_problem() -> None:
    nodes = [Node(number, f"{number:06}") for number in range(5000)]
    chain = [(lower, upper, "hard") for upper, lower in pairwise(range(5000))]
    graph = Graph.of(nodes, chain)
    found = graph.blast_radius(0)
    assert (len(found), found[-1].depth, found[-1].node.id) == (4999, 4999, 4999)
    assert len(found[1000].path) == 1002
    assert found[-1].path == ()
    circle = Graph.of(nodes, [*chain, (0, 4999, "soft")])
    assert circle.circles == [tuple(range(5000))]


def test_the_same_pair_twice_is_one_edge_and_hard_if_either_is() -> None:
    graph = Graph.of(NODES, [(1, 0, "soft"), (1, 0, "hard"), (2, 2, "hard"), (3, 99, "hard")])
    assert graph.edge_count == 1
    assert [(row.node.id, row.kind) for row in graph.blast_radius(0)] == [(1, "hard")]

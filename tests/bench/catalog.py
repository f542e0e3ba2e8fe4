"""The catalog at size: walks over graphs with hubs, in process and over HTTP, and a large import twice."""

from __future__ import annotations

import functools
import json
import random
import statistics
import time
from collections.abc import Iterator
from typing import Any

import httpx
import networkx as nx
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from services.graph import Graph, Node, store
from services.models import Dependency, Service
from teams.actions.memberships import create_team
from teams.actor import system_actor
from teams.models import User
from tests.bench.ground import Ground
from tests.factories import make_token

Rows = Iterator[tuple[str, str, str]]
SIZES = ((5_000, 40_000), (20_000, 200_000))
ENTITIES = 5_000
_SEED = 8


def edges_with_hubs(nodes: int, edges: int) -> list[tuple[int, int, str]]:
    """(downstream, upstream, kind) by position, fan-in by a power law: few are needed by very many.

    Who is needed is drawn by its rank to the power -1; who needs is drawn evenly. A tenth of the edges is soft.
    """
    random_ = random.Random(_SEED)
    ranks = list(range(nodes))
    random_.shuffle(ranks)
    weights = [1 / (rank + 1) for rank in range(nodes)]
    found: dict[tuple[int, int], str] = {}
    while len(found) < edges:
        upstreams = random_.choices(ranks, weights, k=edges)
        for upstream in upstreams:
            downstream = random_.randrange(nodes)
            if downstream != upstream and len(found) < edges:
                found[downstream, upstream] = "soft" if random_.random() < 0.1 else "hard"
    return [(downstream, upstream, kind) for (downstream, upstream), kind in found.items()]


def walks(ground: Ground) -> Rows:
    """The hub with the widest blast radius. Rebuilt from the database once, then from memory."""
    admin = User.objects.create_user("graph@example.com", None, name="Graph", is_superuser=True)
    _row, token = make_token(admin)
    team = create_team(actor=system_actor(), name="Graph")
    for (nodes, edges), aims in zip(SIZES, (("≤ 50 ms", "≤ 150 ms"), ("", "≤ 500 ms")), strict=True):
        Service.objects.all().delete()
        pairs = edges_with_hubs(nodes, edges)
        worst = _stored(nodes, pairs, team.pk)
        label = f"{nodes:,} services, {edges:,} edges"
        started = time.perf_counter()
        graph = store.current()
        loaded = time.perf_counter() - started
        own = statistics.median(
            _timed(lambda graph=graph, worst=worst: graph.blast_radius(worst)) for _n in range(9)
        )
        reached = len(graph.blast_radius(worst))
        picture = nx.DiGraph()
        picture.add_nodes_from(range(nodes))
        picture.add_edges_from((upstream, downstream) for downstream, upstream, _kind in pairs)
        place = {node.slug: int(node.slug.removeprefix("bench-")) for node in graph.nodes}
        start = place[graph.nodes[graph.place[worst]].slug]
        call = functools.partial(nx.single_source_shortest_path, picture, start)
        oracle = min(_timed(call) for _n in range(3))
        yield f"{label}: read anew after a change", f"{loaded * 1000:.0f} ms", ""
        yield f"{label}: worst hub ({reached:,} suffer), in process", f"{own * 1000:.0f} ms", aims[0]
        yield f"{label}: ratio to networkx, shortest paths alone", f"{own / oracle:.2f}", ""
        with ground.programs("web") as port:
            slug = Service.objects.get(pk=worst).slug
            took = _read(port, f"/api/v1/services/{slug}/blast-radius/", token, 9)
            size = len(_body(admin, slug))
        yield f"{label}: over HTTP, p50 / worst ({size // 1000:,} kB)", _both(took), aims[1]


def importing(ground: Ground) -> Rows:
    """A Backstage file, in one request each; the second time nothing is written."""
    Service.objects.all().delete()
    admin = User.objects.create_user("import@example.com", None, name="Import", is_superuser=True)
    create_team(actor=system_actor(), name="Import owners", slug="import-owners")
    content = backstage_file(ENTITIES, 8 * ENTITIES)
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(admin, backend="django.contrib.auth.backends.ModelBackend")

    def send() -> dict[str, Any]:
        answer = client.post("/api/v1/services/import/", content, content_type="application/yaml")
        assert answer.status_code == 200, answer.content[:500]
        found: dict[str, Any] = answer.json()
        return found

    label = f"import of {ENTITIES:,} entities, {8 * ENTITIES:,} relations"
    took, first = _told(send)
    assert (first["created"], first["problems"]) == (ENTITIES, []), first["problems"][:3]
    yield f"{label} ({len(content) // 1000:,} kB), first", f"{took:.1f} s", "≤ 30 s"
    with CaptureQueriesContext(connection) as queries:
        took, second = _told(send)
    written = [row["sql"] for row in queries if row["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert second["unchanged"] == ENTITIES, second
    yield f"{label}, second ({len(written)} statements that write)", f"{took:.1f} s", "≤ 30 s"


def backstage_file(entities: int, relations: int) -> bytes:
    needs: dict[int, list[int]] = {}
    for downstream, upstream, _kind in edges_with_hubs(entities, relations):
        needs.setdefault(downstream, []).append(upstream)
    documents = []
    for number in range(entities):
        lines = [
            "apiVersion: backstage.io/v1alpha1",
            "kind: Component",
            "metadata:",
            f"  name: part-{number}",
            f"  title: Part {number}",
            f"  description: Does the {number}th thing.",
            "  labels:",
            f'    tier: "{number % 4 + 1}"',
            "spec:",
            "  type: service",
            "  lifecycle: production",
            "  owner: import-owners",
        ]
        if number in needs:
            lines += ["  dependsOn:", *(f"    - component:part-{other}" for other in needs[number])]
        documents.append("\n".join(lines))
    return ("\n---\n".join(documents) + "\n").encode()


def _stored(nodes: int, pairs: list[tuple[int, int, str]], team_id: int) -> int:
    """Put the graph into the database; the id of the node that most need, directly or not."""
    rows = Service.objects.bulk_create(
        (
            Service(slug=f"bench-{n:05}", name=f"Bench {n}", tier=n % 4 + 1, team_id=team_id)
            for n in range(nodes)
        ),
        batch_size=5_000,
    )
    Dependency.objects.bulk_create(
        (
            Dependency(downstream_id=rows[one].pk, upstream_id=rows[two].pk, kind=kind)
            for one, two, kind in pairs
        ),
        batch_size=10_000,
    )
    graph = Graph.of(
        (Node(row.pk, row.slug) for row in rows), ((rows[a].pk, rows[b].pk, kind) for a, b, kind in pairs)
    )
    likely = sorted(graph.place, key=lambda pk: -len(graph.needed_by[graph.place[pk]]))[:20]
    return max(likely, key=lambda pk: (len(graph.downstream([pk])), len(graph.needed_by[graph.place[pk]])))


def _body(admin: User, slug: str) -> bytes:
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(admin, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(f"/api/v1/services/{slug}/blast-radius/")
    assert json.loads(answer.content)["affected"]
    return answer.content


def _read(port: int, path: str, token: str, count: int) -> list[float]:
    """Seconds of each of `count` requests, one after the other; the first ones meet processes without the graph."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:

        def ask() -> None:
            answer = client.get(path, headers={"authorization": f"Bearer {token}"})
            assert answer.status_code == 200, answer.text[:500]

        return [_timed(ask) for _number in range(count)]


def _timed(call: Any) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _told(call: Any) -> tuple[float, dict[str, Any]]:
    started = time.perf_counter()
    found = call()
    return time.perf_counter() - started, found


def _both(times: list[float]) -> str:
    return f"{statistics.median(times) * 1000:.0f} / {max(times) * 1000:.0f} ms"


ALL = (walks, importing)

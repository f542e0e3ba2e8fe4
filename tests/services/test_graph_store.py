"""The graph a process keeps is the one the database has, whoever changed it and however."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from core import clock, housekeeping
from services.graph import store
from services.models import Dependency, GraphChange, Service
from teams.models import Team
from tests.factories import make_team

pytestmark = pytest.mark.django_db


def told() -> tuple[set[tuple[str, str, str, int, int | None]], set[tuple[str, str]]]:
    graph = store.current()
    nodes = {(node.slug, node.name, node.kind, node.tier, node.team_id) for node in graph.nodes}
    edges = {
        (graph.nodes[position].slug, graph.nodes[other].slug)
        for position, needs in enumerate(graph.needs)
        for other in needs
    }
    return nodes, edges


def stored() -> tuple[set[tuple[str, str, str, int, int | None]], set[tuple[str, str]]]:
    nodes = set(Service.objects.values_list("slug", "name", "kind", "tier", "team_id"))
    return nodes, set(Dependency.objects.values_list("downstream__slug", "upstream__slug"))


def test_every_way_of_changing_it_is_seen() -> None:
    team = make_team("Shop")
    one = Service.objects.create(slug="one", name="One", team=team)
    two = Service.objects.create(slug="two", name="Two")
    assert told() == stored()
    Dependency.objects.bulk_create([Dependency(downstream=one, upstream=two)])
    assert told() == stored()
    for change in ({"name": "Uno"}, {"slug": "uno"}, {"kind": "database"}, {"tier": 1}, {"team": None}):
        Service.objects.filter(pk=one.pk).update(**change)
        assert told() == stored(), change
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE services_dependency SET upstream_id = %s, downstream_id = %s", [one.pk, two.pk]
        )
    assert told() == stored()
    Service.objects.filter(pk=two.pk).update(team=team)
    assert told() == stored()
    Team.objects.filter(pk=team.pk).delete()
    assert told() == stored()
    two.delete()
    assert told() == stored()
    assert told() == ({("uno", "Uno", "database", 1, None)}, set())


def test_what_was_rolled_back_is_forgotten() -> None:
    Service.objects.create(slug="one", name="One")
    before = told()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        Service.objects.create(slug="two", name="Two")
        assert told() == stored() != before
        raise ZeroDivisionError
    assert told() == stored() == before


def test_the_graph_is_read_once_until_it_changes() -> None:
    one = Service.objects.create(slug="one", name="One")
    first = store.current()
    with CaptureQueriesContext(connection) as queries:
        assert store.current() is first
        Service.objects.filter(pk=one.pk).update(description="No part of the graph", lifecycle="deprecated")
        assert store.current() is first
    assert sum("services_service" in row["sql"] and row["sql"].startswith("SELECT") for row in queries) == 0


def test_old_marks_go_but_for_the_newest() -> None:
    for number in range(4):
        Service.objects.create(slug=f"s{number}", name="S")
    long_ago = clock.now() - dt.timedelta(days=3)
    newest = GraphChange.objects.order_by("-at").first()
    assert newest is not None
    kept = store.current()
    GraphChange.objects.all().update(at=long_ago)
    GraphChange.objects.filter(pk=newest.pk).update(at=long_ago + dt.timedelta(hours=1))
    housekeeping.run(clock.now())
    assert list(GraphChange.objects.values_list("pk", flat=True)) == [newest.pk]
    assert store.current() is not kept
    assert told() == stored()

"""Opsgenie's API telling about alerts: lists, search, counts, notes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from alerts.models import Alert
from tests.alerts.support import opsgenie
from tests.world import World, make_integration, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]


@pytest.fixture
def world(drain: Drain) -> World:
    """db (P1, tags api and eu, acknowledged), web (P3) and disk (resolved); another integration has one too."""
    made = make_world()
    opsgenie(made.key, "", {"message": "DB slow", "alias": "db", "priority": "P1", "tags": ["api", "eu"]})
    opsgenie(made.key, "", {"message": "Web slow", "alias": "web", "tags": ["ap"]})
    opsgenie(made.key, "", {"message": "Disk full", "alias": "disk"})
    _row, other = make_integration(made.service, name="Other")
    opsgenie(other, "", {"message": "Not yours", "alias": "db"})
    drain()
    opsgenie(made.key, "/db/acknowledge", {}, identifierType="alias")
    opsgenie(made.key, "/disk/close", {}, identifierType="alias")
    drain()
    return made


def aliases(world: World, **query: str) -> list[str]:
    return [row["alias"] for row in opsgenie(world.key, "", method="GET", **query).body["data"]]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", ["disk", "web", "db"]),
        ("status: open", ["web", "db"]),
        ("status=closed", ["disk"]),
        ("status:open AND acknowledged:false", ["web"]),
        ("acknowledged: true", ["db"]),
        ("priority: P1", ["db"]),
        ("tag:ap", ["web"]),
        ("tag:eu", ["db"]),
        ("alias: db", ["db"]),
        ('message: "slow" status:open', ["web", "db"]),
        ("message: nothing", []),
    ],
)
def test_search(query: str, wanted: list[str], world: World) -> None:
    assert aliases(world, query=query) == wanted
    count = opsgenie(world.key, "/count", method="GET", query=query)
    assert (count.status, count.body["data"]) == (200, {"count": len(wanted)})


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"query": "status: open OR status: closed"}, "query"),
        ({"query": "NOT status: open"}, "query"),
        ({"query": "createdAt > 1"}, "query"),
        ({"query": "owner: ada"}, "query"),
        ({"query": "priority: P9"}, "query"),
        ({"query": 'message: "open'}, "query"),
        ({"searchIdentifier": "mine"}, "searchIdentifier"),
    ],
)
def test_what_cannot_be_asked_for_is_said(query: dict[str, str], field: str, world: World) -> None:
    for path in ("", "/count"):
        reply = opsgenie(world.key, path, method="GET", **query)
        assert (reply.status, list(reply.body["errors"])) == (422, [field])


def test_pages_and_order(world: World) -> None:
    first = opsgenie(world.key, "", method="GET", limit="2", order="asc", sort="message").body
    assert [row["message"] for row in first["data"]] == ["DB slow", "Disk full"]
    assert first["paging"]["next"].endswith(
        "/compat/opsgenie/v2/alerts?sort=message&order=asc&offset=2&limit=2"
    )
    last = opsgenie(world.key, "", method="GET", limit="2", order="asc", sort="message", offset="2").body
    assert ([row["message"] for row in last["data"]], set(last["paging"])) == (["Web slow"], {"first"})
    for wrong in ({"sort": "owner"}, {"order": "up"}, {"limit": "0"}, {"offset": "-1"}):
        assert opsgenie(world.key, "", method="GET", **wrong).status == 422


def test_notes_are_read(world: World) -> None:
    for text in ("One", "Two"):
        opsgenie(world.key, "/web/notes", {"note": text, "user": "Eve"}, identifierType="alias")
    reply = opsgenie(world.key, "/web/notes", method="GET", identifierType="alias")
    assert [(row["note"], row["owner"]) for row in reply.body["data"]] == [("Two", "Eve"), ("One", "Eve")]
    asked: Any = {"identifierType": "alias", "order": "asc", "limit": "1"}
    assert [row["note"] for row in opsgenie(world.key, "/web/notes", method="GET", **asked).body["data"]] == [
        "One"
    ]
    assert opsgenie(world.key, "/gone/notes", method="GET", identifierType="alias").status == 404
    foreign = Alert.objects.exclude(integration=world.integration).get()
    assert opsgenie(world.key, f"/{foreign.pk}/notes", method="GET").status == 404


@pytest.mark.parametrize("path", ["", "/count", "/web", "/web/notes"])
def test_an_unknown_key_reads_nothing(path: str, world: World) -> None:
    assert opsgenie("0" * 32, path, method="GET").status == 403


def test_the_number_of_statements_does_not_grow(
    world: World, drain: Drain, django_assert_max_num_queries: Any
) -> None:
    for number in range(6):
        opsgenie(world.key, "", {"message": f"More {number}"})
    drain()
    with django_assert_max_num_queries(4):
        assert len(aliases(world)) == 9

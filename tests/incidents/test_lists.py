"""Lists cost the same for one row and for three."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents import actions
from tests.factories import api_client, make_user, signed_in
from tests.incidents.support import declare
from tests.world import make_world

pytestmark = pytest.mark.django_db


def count(client: Any, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


@pytest.mark.parametrize(
    "path",
    ["/incidents/", "/api/v1/incidents/", "/feed/", "/", "/api/v1/incidents/1/timeline/", "/incidents/1/"],
)
def test_the_number_of_queries_does_not_grow(path: str) -> None:
    world = make_world()

    def fill() -> None:
        incident = declare(world)
        number = incident.number
        who = make_user()
        bo = world.actor("bo")
        actions.assign_role(actor=bo, number=number, role="commander", user_id=who.pk)
        actions.set_severity(actor=bo, number=number, severity=2)
        actions.acknowledge(actor=bo, number=number)
        actions.add_note(actor=bo, number=1, text="A word")
        actions.assign_role(actor=bo, number=1, role="expert", user_id=who.pk)

    client = api_client(world.bo) if path.startswith("/api/") else signed_in(world.bo)
    fill()
    one = count(client, path)
    fill()
    fill()
    assert count(client, path) == one
    assert one <= 25


def test_filters_of_page_and_api_agree() -> None:
    world = make_world()
    first, second = declare(world, title="Alpha"), declare(world, title="Beta")
    actions.set_severity(actor=world.actor("bo"), number=first.number, severity=1)
    actions.resolve(actor=world.actor("ada"), number=second.number, override_reason="Over")
    for query, found in (
        ("status=active", [first]),
        ("status=resolved", [second]),
        ("severity=1", [first]),
        ("q=bet", [second]),
        (f"service={world.service.slug}", [second, first]),
        ("status=nonsense", None),
    ):
        answer = api_client(world.bo).get(f"/api/v1/incidents/?{query}")
        page = signed_in(world.bo).get(f"/incidents/?{query}")
        assert page.status_code == 200
        if found is None:
            assert answer.status_code in (200, 400)
            continue
        assert [row["number"] for row in answer.json()["results"]] == [row.number for row in found], query
        text = page.content.decode()
        assert [row.title in text for row in (first, second)] == [first in found, second in found], query

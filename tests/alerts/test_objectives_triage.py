"""Error budgets where something is decided: on an incident, where its severity is chosen, and in routing rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.actions.rules import draft_rule, save_rule
from alerts.models import Alert, Objective
from alerts.routing.tryout import try_out
from core.errors import InvalidInput
from incidents.actions import declare_incident
from tests.alerts.support import native
from tests.alerts.test_check_pages import text
from tests.alerts.test_objectives import clock as clock
from tests.alerts.test_objectives import make_objective, month
from tests.factories import api_client, signed_in
from tests.world import World, make_service, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]


@pytest.fixture
def world() -> World:
    return make_world()


def set_figures(row: Objective, left: float | None, **fields: Any) -> None:
    Objective.objects.filter(pk=row.pk).update(budget_left=left, **fields)


def burn_fast(row: Objective) -> None:
    rates = {str(seconds): 14.6 for seconds in (300, 1800, 3600, 7200, 21600, 86400, 259200)}
    set_figures(row, 0.126, burning="fast", rates=rates)


def declare(world: World, *services: Any) -> int:
    made = declare_incident(
        actor=world.actor("ada"), title="Slow", service_ids=[each.pk for each in services], page=False
    )
    return int(made.number)


def test_an_incident_says_what_is_left_of_its_services_budgets(world: World) -> None:
    burn_fast(make_objective(world))
    other = make_service(world.team, "search")
    set_figures(make_objective(world, name="Answers", service_id=other.pk), -0.2)
    set_figures(make_objective(world, name="Answers fast", service_id=other.pk), 0.9)
    make_objective(world, name="Never measured")
    set_figures(make_objective(world, name="Off", is_enabled=False), 0.01)
    elsewhere = make_service(world.team, "mail")
    set_figures(make_objective(world, name="Elsewhere", service_id=elsewhere.pk), 0.5)
    number = declare(world, world.service, other)
    client = signed_in(world.bo)
    page = text(client.get(f"/incidents/{number}/"))
    said = [
        "12 % of the error budget left, burning 15 times too fast",
        "error budget spent, 20 % over",
        "90 % of the error budget left",
    ]
    for each in said:
        assert page.count(each) == 1
    assert page.index(said[1]) < page.index(said[0]) < page.index(said[2])
    assert "Search · Answers fast" in page
    assert "Elsewhere" not in page and "Never measured" not in page
    preview = text(client.get(f"/incidents/{number}/severity-preview/?severity=1"))
    assert "Checkout: 12 % of the error budget left, burning 15 times too fast" in preview


def test_without_objectives_nothing_is_said(world: World) -> None:
    number = declare(world, world.service)
    assert "Error budget" not in text(signed_in(world.bo).get(f"/incidents/{number}/"))


def test_who_may_not_see_the_objective_reads_nothing_of_it() -> None:
    world = make_world(visibility="members")
    burn_fast(make_objective(world))
    number = declare(world, world.service)
    seen = {
        name: "of the error budget left" in text(signed_in(getattr(world, name)).get(f"/incidents/{number}/"))
        for name in ("ada", "bo", "sam", "zoe", "root")
    }
    assert seen == {"ada": True, "bo": True, "sam": False, "zoe": False, "root": True}


def test_the_page_of_an_incident_costs_the_same_for_any_number(world: World) -> None:
    counts = []
    for number in (1, 3):
        services = [make_service(world.team, f"s{number}{each}") for each in range(number)]
        for service in services:
            burn_fast(make_objective(world, name=service.slug, service_id=service.pk))
        incident = declare(world, *services)
        client = signed_in(world.bo)
        client.get(f"/incidents/{incident}/")
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/incidents/{incident}/")
        counts.append(sum("alerts_objective" in each["sql"] for each in queries))
    assert counts == [1, 1]


def rule(world: World, **fields: Any) -> None:
    save_rule(actor=world.actor("ada"), team_id=world.team.pk, name="Little left", **fields)


@pytest.mark.parametrize(
    ("left", "urgency"), [(0.24, "high"), (0.25, "low"), (0.9, "low"), (-3.0, "high"), (None, "low")]
)
def test_a_rule_for_a_small_budget(world: World, drain: Drain, left: float | None, urgency: str) -> None:
    rule(world, budget_below=25, urgency="high")
    set_figures(make_objective(world), left)
    set_figures(make_objective(world, name="Fuller"), 0.95 if left is not None else None)
    native(world.key, {"title": "Slow", "severity": "warning", "dedup_key": "a"})
    drain()
    assert Alert.objects.get().urgency == urgency


def test_a_service_without_an_objective_has_no_small_budget(world: World, drain: Drain) -> None:
    rule(world, budget_below=100, suppress=True)
    native(world.key, {"title": "Slow", "dedup_key": "a"})
    drain()
    assert Alert.objects.get().held_by == ""


def test_a_team_that_does_not_ask_pays_no_statement(world: World, drain: Drain) -> None:
    def asked() -> int:
        native(world.key, {"title": "Slow", "dedup_key": str(Alert.objects.count())})
        with CaptureQueriesContext(connection) as queries:
            drain()
        return sum("alerts_objective" in each["sql"] for each in queries)

    make_objective(world)
    rule(world, urgency="high")
    assert asked() == 0
    rule(world, budget_below=10, urgency="high")
    assert asked() == 1


def test_tried_out_with_the_budget_of_now(world: World, drain: Drain) -> None:
    set_figures(make_objective(world), 0.1)
    native(world.key, {"title": "Slow", "severity": "warning", "dedup_key": "a"})
    drain()

    def moved(below: int) -> int:
        draft = draft_rule(
            actor=world.actor("ada"),
            team_id=world.team.pk,
            name="Try",
            budget_below=below,
            urgency="high",
        )
        return len(try_out(world.actor("ada"), draft).moved)

    assert (moved(20), moved(5)) == (1, 0)


def test_in_the_form_the_list_and_the_api(world: World) -> None:
    client, api = signed_in(world.ada), api_client(world.ada)
    with pytest.raises(InvalidInput):
        rule(world, budget_below=101)
    body = {"team": world.team.slug, "name": "Little left", "budget_below": 25, "urgency": "high"}
    made = api.post("/api/v1/routing-rules/", body).json()
    assert made["budget_below"] == 25
    assert "less than 25 % of the service&#x27;s error budget left" in text(client.get("/alerts/rules/"))
    assert 'value="25"' in text(client.get(f"/alerts/rules/{made['id']}/"))
    assert api.post("/api/v1/routing-rules/", body | {"budget_below": 0}).status_code == 400
    month(make_objective(world))
    assert (
        api.patch(f"/api/v1/routing-rules/{made['id']}/", {"budget_below": None}).json()["budget_below"]
        is None
    )

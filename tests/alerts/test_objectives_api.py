"""Objectives in the API, on pages and in admin: who sees, changes and feeds them; what lists cost."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.models import Objective, ObjectiveCount
from tests.alerts.test_check_pages import make_check, put, text
from tests.alerts.test_objectives import DAY, HOUR, MINUTE, NOW, make_objective, month
from tests.alerts.test_objectives import clock as clock
from tests.factories import api_client, make_team, signed_in
from tests.world import World, make_service, make_world

pytestmark = pytest.mark.django_db
EVERYBODY = ("ada", "bo", "sam", "zoe", "root")


@pytest.fixture(params=["organisation", "members"])
def world(request: pytest.FixtureRequest) -> World:
    made = make_world(visibility=request.param)
    make_objective(made, name="Orders <b>")
    return made


def may_see(world: World, name: str) -> bool:
    return world.team.visibility == "organisation" or name in ("ada", "bo", "root")


@pytest.mark.parametrize("name", EVERYBODY)
def test_who_sees_it(world: World, name: str) -> None:
    row, api, client = (
        Objective.objects.get(),
        api_client(getattr(world, name)),
        signed_in(getattr(world, name)),
    )
    wanted = 200 if may_see(world, name) else 404
    assert api.get(f"/api/v1/objectives/{row.pk}/").status_code == wanted
    assert api.get(f"/api/v1/objectives/{row.pk}/history/").status_code == wanted
    assert len(api.get("/api/v1/objectives/").json()["results"]) == int(may_see(world, name))
    assert client.get(f"/objectives/{row.pk}/").status_code == wanted
    assert client.get(f"/objectives/panel/{world.service.slug}/").status_code == wanted
    page = text(client.get("/objectives/"))
    assert ("Orders &lt;b&gt;" in page) == may_see(world, name)
    assert "Orders <b>" not in page
    integration = client.get(f"/integrations/{row.integration_id}/")
    assert integration.status_code == (302 if may_see(world, name) else 404)


@pytest.mark.parametrize("name", EVERYBODY)
def test_who_changes_it(world: World, name: str) -> None:
    row, api, client = (
        Objective.objects.get(),
        api_client(getattr(world, name)),
        signed_in(getattr(world, name)),
    )
    manages = name in ("ada", "root")
    refused = 403 if may_see(world, name) else 404
    path = f"/api/v1/objectives/{row.pk}/"
    assert api.patch(path, {"target": 99.5}).status_code == (200 if manages else refused)
    for what in ("switch-off", "switch-on"):
        assert client.post(f"/objectives/{row.pk}/{what}/").status_code == (302 if manages else refused)
        assert client.get(f"/objectives/{row.pk}/{what}/").status_code == 405
    assert client.get(f"/objectives/{row.pk}/edit/").status_code == (200 if manages else refused)
    assert client.get("/objectives/new/").status_code == (200 if manages else 403)
    assert ("Add an objective" in text(client.get("/objectives/"))) == manages
    body = {"name": "New", "service": world.service.slug, "target": 99}
    made = api.post("/api/v1/objectives/", body)
    assert made.status_code == (201 if manages else 403 if may_see(world, name) else 400)
    assert client.post(f"/objectives/{row.pk}/delete/").status_code == (302 if manages else refused)
    assert list(Objective.objects.values_list("name", flat=True)) == (["New"] if manages else ["Orders <b>"])


@pytest.mark.parametrize("name", EVERYBODY)
def test_who_pushes_counts(world: World, name: str) -> None:
    row, api = Objective.objects.get(), api_client(getattr(world, name))
    path, body = (
        f"/api/v1/objectives/{row.pk}/counts/",
        {"counts": [{"at": NOW.isoformat(), "good": 9, "total": 10}]},
    )
    wanted = 200 if name in ("ada", "bo", "root") else 403 if may_see(world, name) else 404
    assert api.post(path, body).status_code == wanted
    assert ObjectiveCount.objects.count() == int(wanted == 200)


def test_visitors_are_sent_away(world: World) -> None:
    pk = Objective.objects.get().pk
    pages = ("/objectives/", "/objectives/new/", f"/objectives/{pk}/", f"/objectives/{pk}/edit/")
    assert [signed_in(None).get(path).status_code for path in pages] == [302] * len(pages)
    paths = ("", f"{pk}/", f"{pk}/history/")
    assert [api_client(None).get(f"/api/v1/objectives/{path}").status_code for path in paths] == [401] * 3


def test_a_token_that_may_respond_pushes_and_changes_nothing() -> None:
    world = make_world()
    row = make_objective(world)
    api = api_client(world.ada, scopes=["read", "respond"])
    body = {"counts": [{"at": NOW.isoformat(), "good": 9, "total": 10}]}
    assert api.post(f"/api/v1/objectives/{row.pk}/counts/", body).json() == {"kept": 1}
    assert api.patch(f"/api/v1/objectives/{row.pk}/", {"target": 99.5}).status_code == 403
    reader = api_client(world.ada, scopes=["read"])
    assert reader.post(f"/api/v1/objectives/{row.pk}/counts/", body).status_code == 403


def test_made_pushed_and_read_by_the_api() -> None:
    world = make_world()
    api = api_client(world.ada)
    body: dict[str, Any] = {
        "name": "Orders",
        "service": world.service.slug,
        "target": 99.9,
        "source": "counts",
        "window_days": 7,
        "external_id": "slo/orders",
    }
    made = api.post("/api/v1/objectives/", body).json()
    found = Objective.objects.get()
    assert made == {
        "id": found.pk,
        "name": "Orders",
        "description": "",
        "service": "checkout",
        "team": "checkout",
        "target": 99.9,
        "window_days": 7,
        "source": "counts",
        "pages": True,
        "is_enabled": True,
        "external_id": "slo/orders",
        "sli": None,
        "budget_left": None,
        "rates": {str(seconds): None for seconds in (300, 420, 840, 1680, 5040, 20160, 60480)},
        "burning": "",
        "burning_since": None,
        "evaluated_at": NOW.isoformat().replace("+00:00", "Z"),
        "integration": found.integration_id,
        "created_at": NOW.isoformat().replace("+00:00", "Z"),
    }
    path = f"/api/v1/objectives/{found.pk}/"
    rows = [
        {"at": (NOW - back * DAY - HOUR).isoformat(), "good": 999 - back, "total": 1000} for back in range(3)
    ]
    assert api.post(f"{path}counts/", {"counts": rows}).json() == {"kept": 3}
    days = api.get(f"{path}history/").json()
    assert [(day["good"], day["bad"]) for day in days] == [(0, 0)] * 4 + [(997, 3), (998, 2), (999, 1)]
    assert [day["sli"] for day in days[3:]] == [None, 0.997, 0.998, 0.999]
    # Three events are the budget of three thousand.
    assert [round(day["budget_left"], 9) for day in days[3:]] == [1, 0, -0.666666667, -1]
    assert days[-1]["end"] == NOW.isoformat().replace("+00:00", "Z")
    changed = api.patch(path, {"target": 99}).json()
    assert (changed["target"], round(changed["budget_left"], 9)) == (99, 0.8)
    listed = api.get("/api/v1/objectives/?external_id=slo/orders&service=checkout&burning=fast")
    assert len(listed.json()["results"]) == 0
    assert api.delete(path).status_code == 204


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"target": 100}, "target"),
        ({"target": "NaN"}, "target"),
        ({"target": 99.99999}, "target"),
        ({"window_days": 31}, "window_days"),
        ({"service": "nowhere"}, "service"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_is_named(fields: dict[str, Any], named: str) -> None:
    world = make_world()
    body = {"name": "Orders", "service": world.service.slug, "target": 99.9} | fields
    answer = api_client(world.ada).post("/api/v1/objectives/", body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [named])


def test_counts_that_are_wrong_are_named() -> None:
    world = make_world()
    row, api = make_objective(world), api_client(world.ada)
    path = f"/api/v1/objectives/{row.pk}/counts/"
    good = {"at": NOW.isoformat(), "good": 1, "total": 1}
    late = good | {"at": (NOW + HOUR).isoformat()}
    assert list(api.post(path, {"counts": [good, late]}).json()["errors"]) == ["counts.1.at"]
    assert api.post(path, {"counts": [good | {"good": 2**70}]}).status_code == 400
    assert api.post(path, {"counts": [good | {"more": 1}]}).status_code == 400
    assert api.post(path, {"counts": []}).status_code == 400
    assert api.post(path, {}).status_code == 400
    assert api.get(path).status_code == 405


def form_of(world: World, **values: Any) -> dict[str, Any]:
    return {
        "name": "Shop answers",
        "service": world.service.pk,
        "target": "99.95",
        "window_days": "28",
        "source": "checks",
        "description": "Below 300 ms",
        "pages": "on",
        "external_id": "",
    } | values


def test_made_and_changed_on_its_page() -> None:
    world = make_world()
    client = signed_in(world.ada)
    made = client.post("/objectives/new/", form_of(world))
    row = Objective.objects.get()
    assert (made.status_code, made.headers["Location"]) == (302, f"/objectives/{row.pk}/")
    assert (f"{row.target:f}", row.window_days, row.source, row.pages) == ("99.9500", 28, "checks", True)
    page = text(client.get(f"/objectives/{row.pk}/"))
    assert "Its service has no checks." in page
    assert "20 minutes" in page
    refused = client.post("/objectives/new/", form_of(world))
    assert (refused.status_code, "of that name already" in text(refused)) == (422, True)
    assert client.post(f"/objectives/{row.pk}/edit/", form_of(world, target="100")).status_code == 422
    assert client.post(f"/objectives/{row.pk}/edit/", form_of(world, pages="")).status_code == 302
    row.refresh_from_db()
    assert not row.pages


def test_its_page_says_how_it_is() -> None:
    world = make_world()
    put(make_check(world), ("up", 40 * DAY), ("down", 40 * MINUTE), ("up", HOUR), now=NOW)
    row = make_objective(world, source="checks", name="Shop")
    page = text(signed_in(world.bo).get(f"/objectives/{row.pk}/"))
    for words in ("7 % of the error budget left, burning 28 times too fast", "Slow burn", "43 minutes"):
        assert words in page, words
    assert "Error budget over 30 days: now 7 % left; most was spent on" in page
    assert "/counts/'" not in page
    panel = text(signed_in(world.bo).get(f"/objectives/panel/{world.service.slug}/"))
    assert "7 % of the error budget left, burning 28 times too fast" in panel
    counted = make_objective(world, name="Counted")
    assert f"/api/v1/objectives/{counted.pk}/counts/" in text(
        signed_in(world.bo).get(f"/objectives/{counted.pk}/")
    )


def test_the_list_is_narrowed() -> None:
    world = make_world()
    burning, calm = make_objective(world, name="Burning"), make_objective(world, name="Calm")
    other = make_service(make_team("Search", manager=world.ada), "search")
    make_objective(world, name="Elsewhere", service_id=other.pk, is_enabled=False)
    Objective.objects.filter(pk=burning.pk).update(burning="fast", budget_left=-0.2)
    Objective.objects.filter(pk=calm.pk).update(budget_left=0.8)
    client = signed_in(world.bo)

    def shown(query: str) -> list[str]:
        page = text(client.get(f"/objectives/?{query}"))
        return [name for name in ("Burning", "Calm", "Elsewhere") if f">{name}</a>" in page]

    assert shown("") == ["Burning", "Calm", "Elsewhere"]
    assert (shown("state=fast"), shown("state=spent")) == (["Burning"], ["Burning"])
    assert (shown("state=good"), shown("state=off")) == (["Calm"], ["Elsewhere"])
    assert (shown("state=good&state=fast"), shown("team=search")) == (["Burning", "Calm"], ["Elsewhere"])
    assert (shown("service=search"), shown("q=cal"), shown("state=none")) == (["Elsewhere"], ["Calm"], [])
    assert shown("team=%00&state=x&service=%00&q=%00") == []


def test_a_list_costs_the_same_for_any_number() -> None:
    world = make_world()
    pages, calls = [], []
    for number in (1, 3):
        for each in range(Objective.objects.count(), number):
            month(make_objective(world, name=f"O{each}"))
        signed = signed_in(world.bo)
        with CaptureQueriesContext(connection) as queries:
            signed.get("/objectives/")
        pages.append(len(queries))
        with CaptureQueriesContext(connection) as queries:
            api_client(world.bo).get("/api/v1/objectives/")
        calls.append(len(queries))
    assert (pages[0], calls[0]) == (pages[1], calls[1])


def test_admin_shows_them() -> None:
    world = make_world()
    row = make_objective(world)
    month(row)
    client = signed_in(world.root)
    for path in ("objective/", f"objective/{row.pk}/change/", "objectivecount/"):
        assert client.get(f"/admin/alerts/{path}").status_code == 200


def test_times_of_the_far_end_of_the_calendar() -> None:
    world = make_world()
    row, api = make_objective(world), api_client(world.ada)
    for at in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", dt.datetime.min.isoformat()):
        body = {"counts": [{"at": at, "good": 1, "total": 1}]}
        assert api.post(f"/api/v1/objectives/{row.pk}/counts/", body).status_code == 400
    with time_machine.travel(NOW + 400 * DAY, tick=False):
        assert api.get(f"/api/v1/objectives/{row.pk}/history/").status_code == 200

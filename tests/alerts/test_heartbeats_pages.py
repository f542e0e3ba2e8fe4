"""Heartbeats on pages, in the API and in admin: who sees them and who may change them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.models import Heartbeat, Integration
from core.crypto import digest
from tests.alerts.test_heartbeats import call, make_beat
from tests.factories import api_client, signed_in
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
EVERYBODY = ("ada", "bo", "sam", "zoe", "root")


@pytest.fixture(params=["organisation", "members"])
def world(request: pytest.FixtureRequest) -> World:
    made = make_world(visibility=request.param)
    make_beat(made, name="Backup <b>")
    return made


def may_see(world: World, name: str) -> bool:
    return world.team.visibility == "organisation" or name in ("ada", "bo", "root")


@pytest.mark.parametrize("name", EVERYBODY)
def test_who_sees_it(world: World, name: str) -> None:
    pk = Heartbeat.objects.get().pk
    client, api = signed_in(getattr(world, name)), api_client(getattr(world, name))
    wanted = 200 if may_see(world, name) else 404
    assert [
        client.get(f"/heartbeats/{pk}/").status_code,
        api.get(f"/api/v1/heartbeats/{pk}/").status_code,
    ] == [wanted] * 2
    page = client.get("/heartbeats/").content.decode()
    assert ("Backup &lt;b&gt;" in page) == may_see(world, name)
    assert "Backup <b>" not in page
    assert len(api.get("/api/v1/heartbeats/").json()["results"]) == int(may_see(world, name))


@pytest.mark.parametrize("name", EVERYBODY)
def test_who_changes_it(world: World, name: str) -> None:
    beat = Heartbeat.objects.get()
    client, api = signed_in(getattr(world, name)), api_client(getattr(world, name))
    manages = name in ("ada", "root")
    refused = 403 if may_see(world, name) else 404
    path = f"/api/v1/heartbeats/{beat.pk}/"
    assert api.patch(path, {"name": "Mine"}).status_code == (200 if manages else refused)
    assert api.post(f"{path}pause/").status_code == (200 if manages else refused)
    assert api.post(f"{path}resume/").status_code == (200 if manages else refused)
    assert api.post(f"{path}new-key/").status_code == (201 if manages else refused)
    assert client.get(f"/heartbeats/{beat.pk}/edit/").status_code == (200 if manages else refused)
    assert client.post(f"/heartbeats/{beat.pk}/pause/").status_code == (302 if manages else refused)
    assert client.post(f"/heartbeats/{beat.pk}/new-key/").status_code == (200 if manages else refused)
    assert client.post(f"/heartbeats/{beat.pk}/delete/").status_code == (302 if manages else refused)
    made = api.post("/api/v1/heartbeats/", {"name": "New", "service": world.service.slug})
    assert made.status_code == (201 if manages else 403 if may_see(world, name) else 400)
    assert Heartbeat.objects.get().name == ("New" if manages else "Backup <b>")


def test_visitors_are_sent_away(world: World) -> None:
    pk = Heartbeat.objects.get().pk
    assert [signed_in(None).get(path).status_code for path in ("/heartbeats/", f"/heartbeats/{pk}/")] == [
        302
    ] * 2
    assert api_client(None).get("/api/v1/heartbeats/").status_code == 401


def test_made_on_the_page_its_address_is_shown_once() -> None:
    world = make_world()
    client = signed_in(world.ada)
    form = {
        "name": "Nightly backup",
        "service": world.service.pk,
        "every": 5,
        "every_unit": "60",
        "cron": "",
        "timezone": "Europe/Berlin",
        "grace": 2,
        "grace_unit": "60",
        "severity": "critical",
    }
    assert client.get("/heartbeats/new/").status_code == 200
    wrong = client.post("/heartbeats/new/", form | {"cron": "99 * * * *", "every": 1, "every_unit": "1"})
    assert wrong.status_code == 422
    assert "is no minute" in wrong.content.decode() or "From 10" in wrong.content.decode()
    page = client.post("/heartbeats/new/", form).content.decode()
    beat = Heartbeat.objects.get()
    assert (beat.interval_seconds, beat.grace_seconds, beat.timezone) == (300, 120, "Europe/Berlin")
    key = page.partition("/api/v1/heartbeat/")[2].partition("/")[0]
    assert digest(key) == beat.integration.key_digest
    assert call(key).status == 200
    assert key not in client.get(f"/heartbeats/{beat.pk}/").content.decode()
    edited = client.post(f"/heartbeats/{beat.pk}/edit/", form | {"name": "Backup"})
    assert (edited.status_code, Heartbeat.objects.get().name) == (302, "Backup")


def test_made_by_the_api() -> None:
    world = make_world()
    api = api_client(world.ada)
    body = {"name": "Job", "service": world.service.slug, "cron": "0 3 * * *", "timezone": "Europe/Berlin"}
    made = api.post("/api/v1/heartbeats/", body).json()
    assert made["url"].endswith(f"/api/v1/heartbeat/{made['key']}/")
    assert call(made["key"]).status == 200
    assert set(api.post("/api/v1/heartbeats/", body | {"nmae": "x"}).json()["errors"]) == {"nmae"}
    assert set(api.patch(f"/api/v1/heartbeats/{made['id']}/", {"cron": "x"}).json()["errors"]) == {"cron"}
    assert "key" not in api.get(f"/api/v1/heartbeats/{made['id']}/").json()
    assert api.delete(f"/api/v1/heartbeats/{made['id']}/").status_code == 204


def test_the_whole_way_over_http() -> None:
    _beat, key = make_beat(make_world())
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    for answer in (client.get(f"/api/v1/heartbeat/{key}/"), client.post(f"/api/v1/heartbeat/{key}")):
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert client.get("/api/v1/heartbeat/nothing/").status_code == 404


def test_its_integration_is_changed_with_it_alone() -> None:
    world = make_world()
    beat, _key = make_beat(world)
    api = api_client(world.ada)
    path = f"/api/v1/integrations/{beat.integration_id}/"
    assert api.patch(path, {"is_active": False}).status_code == 409
    assert api.delete(path).status_code == 409
    made = api.post(
        "/api/v1/integrations/", {"name": "X", "kind": "heartbeat", "service": world.service.slug}
    )
    assert made.status_code == 400
    assert signed_in(world.ada).get(f"/integrations/{beat.integration_id}/").url == f"/heartbeats/{beat.pk}/"  # type: ignore[attr-defined]
    assert Integration.objects.get(pk=beat.integration_id).is_active


@pytest.mark.parametrize("path", ["/heartbeats/", "/api/v1/heartbeats/"])
def test_lists_take_as_many_queries_for_three_rows_as_for_one(path: str) -> None:
    world = make_world()
    client: Any = api_client(world.ada) if path.startswith("/api/") else signed_in(world.ada)
    make_beat(world)
    client.get(path)
    with CaptureQueriesContext(connection) as one:
        client.get(path)
    for number in range(2):
        make_beat(world, name=f"More {number}")
    with CaptureQueriesContext(connection) as three:
        client.get(path)
    assert len(three) == len(one)


def test_admin_shows_it() -> None:
    world = make_world()
    beat, _key = make_beat(world)
    client = signed_in(world.root)
    for path in ("/admin/alerts/heartbeat/", f"/admin/alerts/heartbeat/{beat.pk}/change/"):
        assert client.get(path).status_code == 200

"""Who sees alerts and integrations, and who may change them. What one may not see is a 404."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.models import Alert, Integration
from core.crypto import digest
from tests.alerts.support import native
from tests.factories import api_client, signed_in
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
EVERYBODY = ("ada", "bo", "sam", "zoe", "root")
Drain = Callable[[], None]


@pytest.fixture(params=["organisation", "members"])
def world(request: pytest.FixtureRequest, drain: Drain) -> World:
    """One alert of a team that everybody, or only its members, may look into."""
    made = make_world(visibility=request.param)
    native(made.key, {"title": "Payments <b>failing</b>", "dedup_key": "p"})
    drain()
    return made


def may_see(world: World, name: str) -> bool:
    return world.team.visibility == "organisation" or name in ("ada", "bo", "root")


def paths(world: World) -> dict[str, list[str]]:
    alert, integration = Alert.objects.get().pk, world.integration.pk
    return {
        "pages": [f"/alerts/{alert}/", f"/integrations/{integration}/"],
        "page lists": ["/alerts/", "/integrations/"],
        "api": [f"/api/v1/alerts/{alert}/", f"/api/v1/integrations/{integration}/"],
        "api lists": ["/api/v1/alerts/", "/api/v1/integrations/"],
    }


@pytest.mark.parametrize("name", EVERYBODY)
def test_pages(world: World, name: str) -> None:
    client = signed_in(getattr(world, name))
    wanted = 200 if may_see(world, name) else 404
    assert [client.get(path).status_code for path in paths(world)["pages"]] == [wanted] * 2
    for path, text in zip(paths(world)["page lists"], ("Payments &lt;b&gt;", "Monitor"), strict=True):
        answer = client.get(path)
        assert answer.status_code == 200
        assert (text in answer.content.decode()) == may_see(world, name), path
        assert "<b>failing" not in answer.content.decode()
    number = Alert.objects.get().incident.number
    panel = client.get(f"/alerts/panel/{number}/").content.decode()
    assert ("Payments" in panel) == may_see(world, name)


@pytest.mark.parametrize("name", EVERYBODY)
def test_api(world: World, name: str) -> None:
    api = api_client(getattr(world, name))
    wanted = 200 if may_see(world, name) else 404
    assert [api.get(path).status_code for path in paths(world)["api"]] == [wanted] * 2
    counts = [len(api.get(path).json()["results"]) for path in paths(world)["api lists"]]
    assert counts == [int(may_see(world, name))] * 2


def test_visitors_are_sent_away(world: World) -> None:
    for path in (*paths(world)["pages"], *paths(world)["page lists"]):
        assert signed_in(None).get(path).status_code == 302
    for path in (*paths(world)["api"], *paths(world)["api lists"]):
        assert api_client(None).get(path).status_code == 401


@pytest.mark.parametrize("name", EVERYBODY)
def test_only_managers_change_integrations(world: World, name: str) -> None:
    api = api_client(getattr(world, name))
    path = f"/api/v1/integrations/{world.integration.pk}/"
    manages = name in ("ada", "root")
    refused = 403 if may_see(world, name) else 404
    assert api.patch(path, {"name": "Mine"}).status_code == (200 if manages else refused)
    assert api.post(f"{path}add-key/").status_code == (201 if manages else refused)
    assert api.post(f"{path}retire-key/").status_code == (200 if manages else refused)
    assert api.patch(path, {"is_active": False}).status_code == (200 if manages else refused)
    assert api.delete(path).status_code == (409 if manages else refused)
    made = api.post("/api/v1/integrations/", {"name": "New", "service": world.service.slug})
    assert made.status_code == (201 if manages else 403 if may_see(world, name) else 400)
    world.integration.refresh_from_db()
    expected = ("Mine", False) if manages else ("Monitor", True)
    assert (world.integration.name, world.integration.is_active) == expected
    assert Integration.objects.count() == (2 if manages else 1)


@pytest.mark.parametrize("name", EVERYBODY)
def test_only_members_hold_alerts(world: World, name: str) -> None:
    api = api_client(getattr(world, name))
    body = {"service": world.service.slug, "reason": "Upgrade", "ends_at": "2099-01-01T00:00:00Z"}
    answer = api.post("/api/v1/silences/", {**body, "starts_at": "2098-12-31T00:00:00Z"})
    allowed = name in ("ada", "bo", "root")
    assert answer.status_code == (201 if allowed else 403 if may_see(world, name) else 400)


def test_a_token_needs_the_scope(world: World) -> None:
    path = f"/api/v1/integrations/{world.integration.pk}/"
    reader = api_client(world.ada, scopes=["read"])
    assert (reader.get(path).status_code, reader.post(f"{path}add-key/").status_code) == (200, 403)


def test_the_key_is_shown_once_and_kept_as_digest(world: World) -> None:
    api = api_client(world.ada)
    made = api.post("/api/v1/integrations/", {"name": "New", "service": world.service.slug}).json()
    assert made["url"].endswith(f"/api/v1/intake/generic/{made['key']}/")
    assert Integration.objects.get(pk=made["id"]).key_digest == digest(made["key"])
    again = api.get(f"/api/v1/integrations/{made['id']}/")
    assert made["key"] not in again.content.decode()
    assert made["key"] not in signed_in(world.ada).get(f"/integrations/{made['id']}/").content.decode()


def test_an_alert_of_an_incident_one_may_not_see_does_not_name_it(drain: Drain) -> None:
    world = make_world()
    native(world.key, {"title": "Quiet"})
    drain()
    alert = Alert.objects.get()
    alert.incident.visibility = "restricted"
    alert.incident.save(update_fields=["visibility"])
    page = signed_in(world.zoe).get(f"/alerts/{alert.pk}/")
    assert page.status_code == 200
    assert f"/incidents/{alert.incident.number}/" not in page.content.decode()


@pytest.mark.parametrize(
    "query", ["service=checkout", "status=open", "status=firing,resolved", "q=fail", "incident=1"]
)
def test_filters_answer(query: str, drain: Drain) -> None:
    world = make_world()
    native(world.key, {"title": "Payments failing"})
    drain()
    assert len(api_client(world.zoe).get(f"/api/v1/alerts/?{query}").json()["results"]) == 1


@pytest.mark.parametrize("query", ["incident=x", "incident=99999999999999999999", "cursor=rubbish", "q=%00"])
def test_wrong_filters_are_refused(query: str) -> None:
    assert api_client(make_world().zoe).get(f"/api/v1/alerts/?{query}").status_code in (400, 404)


def _count(get: Callable[[], Any]) -> int:
    get()
    with CaptureQueriesContext(connection) as found:
        assert get().status_code == 200
    return len(found)


@pytest.mark.parametrize("path", ["/alerts/", "/integrations/", "/api/v1/alerts/", "/api/v1/integrations/"])
def test_lists_take_as_many_queries_for_three_rows_as_for_one(path: str, drain: Drain) -> None:
    from tests.world import make_integration

    world = make_world()
    client: Any = api_client(world.ada) if path.startswith("/api/") else signed_in(world.ada)
    native(world.key, {"title": "One"})
    drain()
    one = _count(lambda: client.get(path))
    for number in range(2):
        _row, key = make_integration(world.service, name=f"More {number}")
        native(key, {"title": f"More {number}"})
    drain()
    assert _count(lambda: client.get(path)) == one

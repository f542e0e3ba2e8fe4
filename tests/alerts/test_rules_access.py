"""Pages and API of rules, settings, silences and windows: who sees and changes them, and what they show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts import actions
from alerts.models import Alert, MaintenanceWindow, RoutingRule, ServiceAlerting, Silence
from core import clock
from tests.alerts.support import native
from tests.factories import api_client, signed_in
from tests.world import World, make_service, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]
EVERYBODY = ("ada", "bo", "sam", "zoe", "root")
HOUR = dt.timedelta(hours=1)


@pytest.fixture(params=["organisation", "members"])
def world(request: pytest.FixtureRequest) -> World:
    return make_world(visibility=request.param)


def may_see(world: World, name: str) -> bool:
    return world.team.visibility == "organisation" or name in ("ada", "bo", "root")


def rule(world: World, name: str = "Night", **fields: Any) -> RoutingRule:
    return actions.save_rule(actor=world.actor("ada"), team_id=world.team.pk, name=name, **fields)


def silence(world: World, **fields: Any) -> Silence:
    now = clock.now()
    values = {
        "service_id": world.service.pk,
        "starts_at": now - HOUR,
        "ends_at": now + HOUR,
        "reason": "Known",
    }
    return actions.add_silence(actor=world.actor("bo"), **{**values, **fields})


def window(world: World, **fields: Any) -> MaintenanceWindow:
    now = clock.now()
    values = {
        "service_id": world.service.pk,
        "starts_at": now - HOUR,
        "ends_at": now + HOUR,
        "reason": "Upgrade",
    }
    return actions.add_window(actor=world.actor("bo"), **{**values, **fields})


def form_values(**fields: Any) -> dict[str, Any]:
    return {"name": "Made", "timezone": "UTC", "is_active": "on", **fields}


@pytest.mark.parametrize("name", EVERYBODY)
def test_rules_pages(world: World, name: str) -> None:
    row = rule(world, matchers=[{"name": "app", "op": "=~", "value": "<b>.*"}])
    client = signed_in(getattr(world, name))
    sees, manages = may_see(world, name), name in ("ada", "root")
    page = client.get(f"/alerts/rules/?team={world.team.slug}")
    assert page.status_code == (200 if sees else 404)
    assert client.get("/alerts/rules/").status_code == 200
    if sees:
        text = page.content.decode()
        assert "app=~&quot;&lt;b&gt;.*&quot;" in text
        assert (f"/alerts/rules/{row.pk}/up/" in text or "/alerts/rules/new/" in text) is manages
    refused = 403 if sees else 404
    path = f"/alerts/rules/{row.pk}/"
    assert client.get(path).status_code == (200 if manages else refused)
    new = f"/alerts/rules/new/?team={world.team.slug}&matchers=a%3D%22b%22&hold_minutes=5"
    answer = client.get(new)
    assert answer.status_code == (200 if manages else 403 if sees else 404)
    if manages:
        assert "a=&quot;b&quot;" in answer.content.decode()
    assert client.post(new, form_values()).status_code == (302 if manages else 403 if sees else 404)
    assert client.post(path, form_values(name="Changed")).status_code == (302 if manages else refused)
    for what in ("up", "down", "delete"):
        assert client.post(f"{path}{what}/").status_code == (302 if manages else refused)
    assert sorted(RoutingRule.objects.values_list("name", flat=True)) == (["Made"] if manages else ["Night"])


@pytest.mark.parametrize("name", EVERYBODY)
def test_rules_api(world: World, name: str) -> None:
    row = rule(world)
    api = api_client(getattr(world, name))
    sees, manages = may_see(world, name), name in ("ada", "root")
    refused = 403 if sees else 404
    path = f"/api/v1/routing-rules/{row.pk}/"
    assert api.get(path).status_code == (200 if sees else 404)
    listed = api.get(f"/api/v1/routing-rules/?team={world.team.slug}").json()["results"]
    assert [each["id"] for each in listed] == ([row.pk] if sees else [])
    body = {
        "team": world.team.slug,
        "name": "New",
        "matchers": [{"name": "a", "op": "!~", "value": "b.*"}],
        "hours": [{"days": [0, 1], "start": "22:00", "end": "06:00"}],
        "timezone": "Europe/Berlin",
        "service": world.service.slug,
        "policy": world.policy.pk,
        "severity": 1,
    }
    tried = api.post("/api/v1/routing-rules/try-out/", body, format="json")
    made = api.post("/api/v1/routing-rules/", body, format="json")
    wanted = (200, 201) if manages else (403, 403) if sees else (400, 400)
    assert (tried.status_code, made.status_code) == wanted
    if manages:
        assert tried.json() == {"looked_at": 0, "decided": 0, "moved": []}
        assert {key: made.json()[key] for key in body} == body
    assert api.patch(path, {"suppress": True, "position": 9}, format="json").status_code == (
        200 if manages else refused
    )
    row.refresh_from_db()
    assert (row.suppress, row.position) == ((True, 1) if manages else (False, 0))
    assert api.delete(path).status_code == (204 if manages else refused)


def test_try_out_on_the_page(drain: Drain) -> None:
    world = make_world()
    native(world.key, {"title": "Payments <b>slow", "labels": {"app": "pay"}})
    drain()
    client = signed_in(world.ada)
    path = f"/alerts/rules/new/?team={world.team.slug}"
    answer = client.post(path, form_values(op="try", matchers="app=~pa.*", suppress="on"))
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Of the last 1 alert, 1 would have gone elsewhere; this rule would have decided 1." in text
    assert "Payments &lt;b&gt;slow" in text
    assert "default: to Checkout" in text
    assert not RoutingRule.objects.exists()
    for wrong in ({"matchers": "app=~("}, {"hours": "sometimes"}, {"hold_minutes": "999"}, {"name": ""}):
        answer = client.post(path, form_values(op="try", **wrong))
        assert answer.status_code == 422, wrong
    made = client.post(
        path, form_values(hours="Mon-Fri 22:00-06:00\nsat,Sun 00:00-24:00", matchers='{a="b"}')
    )
    assert made.status_code == 302
    row = RoutingRule.objects.get()
    assert row.hours == [
        {"days": [0, 1, 2, 3, 4], "start": "22:00", "end": "06:00"},
        {"days": [5, 6], "start": "00:00", "end": "24:00"},
    ]
    again = client.get(f"/alerts/rules/{row.pk}/").content.decode()
    assert "Mon-Fri 22:00-06:00\nSat,Sun 00:00-24:00" in again


@pytest.mark.parametrize("name", EVERYBODY)
def test_settings_of_a_service(world: World, name: str) -> None:
    client, api = signed_in(getattr(world, name)), api_client(getattr(world, name))
    sees, manages = may_see(world, name), name in ("ada", "root")
    refused = 403 if sees else 404
    path, address = "/alerts/services/checkout/", "/api/v1/service-alerting/checkout/"
    assert client.get(path).status_code == api.get(address).status_code == (200 if sees else 404)
    answer = api.patch(address, {"storm_per_minute": 100, "attach_symptoms": True}, format="json")
    assert answer.status_code == (200 if manages else refused)
    values = {
        "group_by": "service",
        "window_minutes": 30,
        "flap_changes": 3,
        "flap_minutes": 10,
        "storm_per_minute": 200,
    }
    assert client.post(path, values).status_code == (302 if manages else refused)
    found = list(ServiceAlerting.objects.values_list("group_by", "attach_symptoms", "storm_per_minute"))
    assert found == ([("service", False, 200)] if manages else [])
    if manages:
        assert client.post(path, {**values, "flap_changes": 1}).status_code == 422
        assert api.patch(address, {"flap_changes": 1}, format="json").status_code == 400


@pytest.mark.parametrize("name", EVERYBODY)
def test_holds(world: World, name: str, drain: Drain) -> None:
    mine = silence(world, matchers=[{"name": "app", "op": "!=", "value": "<i>"}])
    of_team = silence(world, service_id=None, team_id=world.team.pk, reason="All")
    planned = window(world, repeat="weekly", repeats_until=clock.now() + dt.timedelta(days=10))
    native(world.key, {"title": "Held <b>back"})
    drain()
    client, api = signed_in(getattr(world, name)), api_client(getattr(world, name))
    sees, may = may_see(world, name), name in ("ada", "bo", "root")
    text = client.get("/alerts/holds/").content.decode()
    assert all((part in text) is sees for part in ("app!=&quot;&lt;i&gt;&quot;", "All services of Checkout"))
    assert ("Held &lt;b&gt;back" in text) is sees
    assert ("to be looked at" in text) is sees
    assert ("End for good" in text) is may
    for path in (f"/api/v1/silences/{mine.pk}/", f"/api/v1/maintenance-windows/{planned.pk}/"):
        assert api.get(path).status_code == (200 if sees else 404)
    if sees:
        found = api.get(f"/api/v1/maintenance-windows/{planned.pk}/").json()
        assert (found["repeat"], found["holding"], found["stale"]) == ("weekly", 1, True)
        assert found["current"] is not None
        assert found["next"] is not None
        assert api.get(f"/api/v1/silences/{of_team.pk}/").json()["team"] == world.team.slug
    refused = 403 if sees else 404
    ended = client.post(f"/alerts/holds/silence/{mine.pk}/end/").status_code
    assert ended == (302 if may else refused)
    assert api.delete(f"/api/v1/silences/{of_team.pk}/").status_code == (204 if may else refused)
    assert api.delete(f"/api/v1/maintenance-windows/{planned.pk}/").status_code == (204 if may else refused)
    drain()
    assert (Alert.objects.get().incident is not None) is may


def test_the_forms_of_holds() -> None:
    world = make_world()
    client = signed_in(world.bo)
    new = f"/alerts/holds/new/silence/?service={world.service.pk}&matchers=job%3D%22node%22"
    assert "job=&quot;node&quot;" in client.get(new).content.decode()
    times = {"reason": "Why", "starts_at": "2026-11-20T10:00", "ends_at": "2026-11-20T12:00"}
    assert client.post(new, {**times, "team": world.team.pk, "matchers": "a=~b.*"}).status_code == 302
    row = Silence.objects.get()
    assert (row.team, row.service, row.matchers) == (
        world.team,
        None,
        [{"name": "a", "op": "=~", "value": "b.*"}],
    )
    for wrong in ({"matchers": "a=~("}, {"matchers": "a"}, {}):
        answer = client.post(new, {**times, **wrong})
        assert answer.status_code == 422, wrong
    new = "/alerts/holds/new/maintenance/"
    values = {**times, "service": world.service.pk, "repeat": "weekly", "weekdays": ["4"]}
    assert client.post(new, values).status_code == 422
    assert client.post(new, {**values, "repeats_until": "2027-01-01T00:00"}).status_code == 302
    assert MaintenanceWindow.objects.get().rrule == "FREQ=WEEKLY;BYDAY=FR"


def test_matchers_of_silences_over_the_api() -> None:
    world = make_world()
    api = api_client(world.bo)
    body = {"service": "checkout", "reason": "x", "ends_at": (clock.now() + HOUR).isoformat()}
    made = api.post("/api/v1/silences/", {**body, "matchers": [{"name": "a", "value": "b"}]}, format="json")
    assert made.json()["matchers"] == [{"name": "a", "op": "=", "value": "b"}]
    for wrong in (
        {"matchers": [{"name": "a", "op": "=~", "value": "("}]},
        {"matchers": [{"name": "a", "value": "b", "isRegex": True}]},
        {"unknown": 1},
        {"team": world.team.slug},
    ):
        assert api.post("/api/v1/silences/", {**body, **wrong}, format="json").status_code == 400, wrong


def _count(get: Callable[[], Any]) -> int:
    get()
    with CaptureQueriesContext(connection) as found:
        assert get().status_code == 200
    return len(found)


@pytest.mark.parametrize(
    "path",
    [
        "/alerts/rules/",
        "/alerts/holds/",
        "/api/v1/routing-rules/",
        "/api/v1/silences/",
        "/api/v1/maintenance-windows/",
    ],
)
def test_pages_take_as_many_statements_for_three_rows_as_for_one(path: str, drain: Drain) -> None:
    world = make_world()
    client: Any = api_client(world.ada) if path.startswith("/api/") else signed_in(world.ada)

    def more(number: int) -> None:
        other = make_service(world.team, f"s{number}")
        rule(world, f"R{number}", service_id=other.pk, policy_id=world.policy.pk, severity=2)
        silence(world, matchers=[{"name": "n", "value": str(number)}])
        window(world, service_id=other.pk)
        native(world.key, {"title": "x", "dedup_key": str(number), "labels": {"n": str(number)}})
        drain()

    more(1)
    one = _count(lambda: client.get(path))
    more(2)
    more(3)
    assert _count(lambda: client.get(path)) == one


def test_admin_shows_them(world: World) -> None:
    row = rule(world)
    actions.set_alerting(actor=world.actor("ada"), service_id=world.service.pk, flap_changes=3)
    silence(world)
    window(world)
    client = signed_in(world.root)
    for name in ("routingrule", "servicealerting", "silence", "maintenancewindow"):
        assert client.get(f"/admin/alerts/{name}/").status_code == 200, name
    assert client.get(f"/admin/alerts/routingrule/{row.pk}/change/").status_code == 200

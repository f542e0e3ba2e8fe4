"""The API of status pages: every verb does what it says and names the field that is wrong."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import clock
from statuspage.models import Component, MetricPoint, Notice, StatusPage
from tests.factories import api_client, make_team
from tests.incidents.support import declare
from tests.statuspage.support import make_page, part, say, tell
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/status-pages/"
BASE = f"{ROOT}shop/"
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def shop(world: World) -> StatusPage:
    return make_page(world)


class Caller:
    """Sends JSON below the page; `fault` is the set of fields that were refused."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def __call__(self, method: str, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
        url = path if path.startswith("/") else f"{BASE}{path}"
        # Escaped, so that what no encoding can hold arrives as well.
        sent = b"" if body is None else json.dumps(body).encode()
        answer = self.client.generic(method.upper(), url, sent, "application/json", headers=headers)
        assert answer.status_code == status, answer.content
        return answer.json() if answer.content else None

    def fault(self, method: str, path: str, body: Any) -> set[str]:
        found = self(method, path, body, 400)
        assert all(found["errors"].values()), found
        return {name.partition(".")[0] for name in found["errors"]}


@pytest.fixture
def ada(world: World) -> Caller:
    return Caller(api_client(world.ada))


@pytest.fixture
def bo(world: World) -> Caller:
    return Caller(api_client(world.bo))


def stamp(hours: float) -> str:
    return (clock.now() + hours * HOUR).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_pages(world: World, ada: Caller) -> None:
    made = ada("post", ROOT, {"name": "Shop", "team": world.team.slug, "languages": ["en", "de"]}, 201)
    assert (made["slug"], made["team"], made["access"], made["version"]) == (
        "shop",
        world.team.slug,
        "public",
        1,
    )
    assert "password" not in made
    for body, fields in (
        ({}, {"name"}),
        ({"name": "Shop", "team": world.team.slug}, {"slug"}),
        ({"name": "X", "team": world.team.slug, "slug": "Not Good"}, {"slug"}),
        ({"name": "X", "team": world.team.slug, "slug": "Upper"}, {"slug"}),
        ({"name": "X", "team": world.team.slug, "slug": "new"}, {"slug"}),
        ({"name": "X", "team": "nobody"}, {"team"}),
        ({"name": "X", "team": world.team.slug, "time_zone": "Mars/Base"}, {"time_zone"}),
        ({"name": "X", "team": world.team.slug, "languages": ["tlh"]}, {"languages"}),
        ({"name": "X", "nmae": "Y"}, {"nmae"}),
    ):
        assert ada.fault("post", ROOT, body) == fields, body
    ada("post", ROOT, {"name": "Everybody's"}, 403)
    changed = ada("patch", "", {"domain": "Status.Example.com", "accent": "#123ABC", "access": "signed_in"})
    assert (changed["domain"], changed["accent"], changed["access"]) == (
        "status.example.com",
        "#123abc",
        "signed_in",
    )
    for body, fields in (
        ({"access": "password"}, {"password"}),
        ({"domain": "http://x"}, {"domain"}),
        ({"accent": "#12"}, {"accent"}),
        ({"support_url": "javascript:x"}, {"support_url"}),
        ({"slug": "other"}, {"slug"}),
        ({"languages": []}, {"languages"}),
    ):
        assert ada.fault("patch", "", body) == fields, body
    assert (ada("get", "")["domain"], ada("patch", "", {"domain": ""})["domain"]) == (
        "status.example.com",
        None,
    )
    assert [row["slug"] for row in ada("get", ROOT)["results"]] == ["shop"]
    assert ada.fault("delete", "", None) == {"confirm"}
    ada("delete", "?confirm=shop", None, 204)
    ada("get", "", None, 404)


def test_components_groups_and_order(world: World, shop: StatusPage, ada: Caller, bo: Caller) -> None:
    group = ada("post", "groups/", {"name": "Payments", "folded": True}, 201)
    assert ada.fault("post", "groups/", {"name": "Payments"}) == {"name"}
    cards = ada(
        "post",
        "components/",
        {"name": "Cards", "group": group["id"], "services": [world.service.slug], "follows": "incidents"},
        201,
    )
    assert (cards["group"], cards["services"], cards["status"]) == (group["id"], ["checkout"], "operational")
    one = f"components/{cards['id']}/"
    for body, fields in (
        ({"name": "Website"}, {"name"}),
        ({"group": "zzzzzzzzzzzz"}, {"group"}),
        ({"group": "x" * 40}, {"group"}),
        ({"services": ["nothing"]}, {"services"}),
        ({"follows": "stars"}, {"follows"}),
        ({"start_date": "0001-01-01"}, {"start_date"}),
        ({"start_date": "9999-12-31"}, {"start_date"}),
        ({"status": "major_outage"}, {"status"}),
    ):
        assert ada.fault("patch", one, body) == fields, body
    changed = ada("patch", one, {"group": None, "description": "Card payments", "start_date": "2026-01-02"})
    assert (changed["group"], changed["description"], changed["start_date"]) == (
        None,
        "Card payments",
        "2026-01-02",
    )
    assert bo.fault("post", f"{one}set-status/", {"status": "bad"}) == {"status"}
    assert bo("post", f"{one}set-status/", {"status": "partial_outage"})["override"] == "partial_outage"
    assert bo("post", f"{one}set-status/", {"status": ""})["status"] == "operational"
    web = part(shop).public_id
    for order in (
        [web],
        [web, web, group["id"]],
        [web, group["id"], cards["id"], "zzzzzzzzzzzz"],
        ["\u0000"],
    ):
        assert ada.fault("post", "arrange/", {"order": order}) == {"order"}, order
    ada("post", "arrange/", {"order": [cards["id"], group["id"], web]}, 204)
    assert [row["name"] for row in bo("get", "components/")["results"]] == ["Cards", "Website"]
    assert ada("patch", f"groups/{group['id']}/", {"name": "Money"})["name"] == "Money"
    assert ada.fault("patch", f"groups/{group['id']}/", {"position": 1}) == {"position"}
    ada("delete", f"groups/{group['id']}/", None, 204)
    ada("delete", one, None, 204)
    ada("patch", one, {"name": "X"}, 404)
    assert [row.name for row in Component.objects.all()] == ["Website"]


def test_numbers_corrections_and_templates(shop: StatusPage, ada: Caller, bo: Caller) -> None:
    web = part(shop).public_id
    metric = ada("post", "metrics/", {"name": "Latency", "suffix": "ms", "decimals": 1}, 201)
    assert ada.fault("post", "metrics/", {"name": "Latency"}) == {"name"}
    assert ada.fault("post", "metrics/", {"name": "X", "decimals": 7}) == {"decimals"}
    points = f"metrics/{metric['id']}/points/"
    at = stamp(-1)
    given = [{"at": at, "value": 1}, {"at": at, "value": 2.5}, {"at": stamp(-2), "value": 3}]
    assert bo("post", points, {"points": given}, 202) == {"taken": 2}
    assert sorted(MetricPoint.objects.values_list("value", flat=True)) == [2.5, 3.0]
    for wrong in (
        [],
        [{"at": stamp(1), "value": 1}],
        [{"at": stamp(-24 * 31), "value": 1}],
        [{"at": at, "value": "NaN"}],
        [{"at": at, "value": 1e300}],
        [{"at": at}],
    ):
        assert bo.fault("post", points, {"points": wrong}) == {"points"}, wrong
    assert [row["name"] for row in bo("get", "metrics/")["results"]] == ["Latency"]
    ada("delete", f"metrics/{metric['id']}/", None, 204)

    right = {
        "component": web,
        "since": stamp(-3),
        "until": stamp(-2),
        "status": "major_outage",
        "reason": "R",
    }
    row = ada("post", "corrections/", right, 201)
    for wrong, fields in (
        ({"until": stamp(-4)}, {"until"}),
        ({"until": stamp(1)}, {"until"}),
        ({"since": "0001-01-01T00:00:00Z"}, {"since"}),
        ({"reason": " "}, {"reason"}),
        ({"component": "zzzzzzzzzzzz"}, {"component"}),
        ({"status": "bad"}, {"status"}),
        ({"why": "R"}, {"why"}),
    ):
        assert ada.fault("post", "corrections/", right | wrong) == fields, wrong
    assert [each["author"] for each in bo("get", "corrections/")["results"]] == ["Ada"]
    (found,) = bo("get", "uptime/?days=2")["results"]
    assert (found["component"], len(found["days"])) == (web, 2)
    for days in ("0", "367", "x", "-1", "٣", "000366999", "9" * 30):
        assert bo.fault("get", f"uptime/?days={days}", None) == {"days"}, days
    ada("delete", f"corrections/{row['id']}/", None, 204)
    ada("delete", f"corrections/{'9' * 18}/", None, 404)

    ready = {"name": "Slow", "title": "{{ components }} slow", "body": "Soon.", "title_in": {"de": "Langsam"}}
    made = ada("post", "templates/", ready | {"status": "identified"}, 201)
    for wrong, fields in (
        ({}, {"name"}),
        ({"name": "B", "kind": "maintenance", "status": "identified"}, {"status"}),
        ({"name": "B", "body_in": {"xx": "Y"}}, {"body_in"}),
        ({"name": "B", "title_in": {"\u0000": "Y"}}, {"title_in"}),
        ({"name": "B", "body": ""}, {"body"}),
    ):
        assert ada.fault("post", "templates/", ready | wrong) == fields, wrong
    put = ada("put", f"templates/{made['id']}/", ready | {"name": "Slower"})
    assert (put["name"], put["id"], [row["name"] for row in bo("get", "templates/")["results"]]) == (
        "Slower",
        made["id"],
        ["Slower"],
    )
    ada("delete", f"templates/{made['id']}/", None, 204)
    causes = [row["cause"] for row in bo("get", "versions/")["results"]]
    assert (causes[0], causes[-1]) == ("Website: correction withdrawn", "Page made")


def test_notices(shop: StatusPage, ada: Caller, bo: Caller) -> None:
    web = part(shop).public_id
    right = {"title": "Orders fail", "body": "Soon.", "components": [web]}
    for wrong, fields in (
        ({"title": ""}, {"title"}),
        ({"body": " "}, {"body"}),
        ({"status": "scheduled"}, {"status"}),
        ({"status": "bad"}, {"status"}),
        ({"components": ["zzzzzzzzzzzz"]}, {"components"}),
        ({"component_status": "bad"}, {"component_status"}),
        ({"component_statuses": {"zzzzzzzzzzzz": "operational"}}, {"component_statuses"}),
        ({"component_statuses": {"\u0000": "operational"}}, {"component_statuses"}),
        ({"component_statuses": {web: "bad"}}, {"component_statuses"}),
        ({"impact": "maintenance"}, {"impact"}),
        ({"incident": 99_999}, {"incident"}),
        ({"next_update_at": "2001-01-01T00:00:00Z"}, {"next_update_at"}),
        ({"eta_at": "9999-12-31T23:59:59-12:00"}, {"eta_at"}),
        ({"body_in": {"xx": "Y"}}, {"body_in"}),
        ({"kind": "maintenance"}, {"scheduled_for"}),
        ({"unknown": 1}, {"unknown"}),
    ):
        assert bo.fault("post", "notices/", right | wrong) == fields, wrong
    # What no encoding can hold is no JSON.
    bo("post", "notices/", right | {"component_statuses": {"\ud800": "operational"}}, 400)
    assert Notice.objects.count() == 0
    given, keyed = right | {"component_status": "major_outage", "eta_at": stamp(2)}, {"idempotency-key": "k1"}
    made, again = (bo("post", "notices/", given, 201, **keyed) for _each in range(2))
    assert (again["id"], Notice.objects.count()) == (made["id"], 1)
    assert (made["status"], made["impact"], made["components"]) == ("investigating", "critical", [web])
    assert [row["affected"][0]["new_status"] for row in made["updates"]] == ["major_outage"]

    one = f"notices/{made['id']}/"
    said = bo("post", f"{one}updates/", {"body": "More.", "status": "identified"}, 201)
    assert [row["body"] for row in said["updates"]] == ["More.", "Soon."]
    assert bo.fault("post", f"{one}updates/", {"body": "More.", "status": "bad"}) == {"status"}
    assert bo.fault("post", f"{one}updates/", {"body": "More.", "text": "x"}) == {"text"}
    words = f"notices/updates/{said['updates'][0]['id']}/"
    then = stamp(-1)
    corrected = ada("patch", words, {"body": "Much more.", "said_at": then})
    assert (corrected["body"], corrected["created_at"]) == ("Much more.", then)
    for wrong, fields in (
        ({"said_at": stamp(1)}, {"said_at"}),
        ({"said_at": "0001-01-01T00:00:00Z"}, {"said_at"}),
        ({"body": ""}, {"body"}),
    ):
        assert ada.fault("patch", words, wrong) == fields
    changed = bo("patch", one, {"title": "Orders", "impact": "minor", "components": [], "eta_at": None})
    assert (changed["title"], changed["impact"], changed["components"], changed["eta_at"]) == (
        "Orders",
        "minor",
        [],
        None,
    )
    assert bo.fault("patch", one, {"eta_at": "2001-01-01T00:00:00Z"}) == {"eta_at"}
    assert bo.fault("patch", one, {"status": "resolved"}) == {"status"}
    ended = bo("post", f"{one}updates/", {"body": "Over.", "status": "resolved"}, 201)
    assert (ended["status"], ended["resolved_at"] is not None) == ("resolved", True)
    bo("post", f"{one}updates/", {"body": "More."}, 409)
    assert [row["title"] for row in bo("get", "notices/")["results"]] == ["Orders"]
    ada("delete", one, None, 204)
    bo("get", one, None, 404)


def test_approval(shop: StatusPage, ada: Caller, bo: Caller) -> None:
    ada("patch", "", {"needs_approval": True})
    waiting = [bo("post", "notices/", {"title": "T", "body": "B"}, 201) for _each in range(2)]
    assert [row["state"] for row in waiting] == ["waiting", "waiting"]
    first, second = (f"notices/updates/{row['updates'][0]['id']}/" for row in waiting)
    assert ada("post", f"{first}approve/")["state"] == "published"
    assert ada("post", f"{first}approve/")["state"] == "published"
    ada("post", f"{first}refuse/", {"reason": "Late"}, 409)
    assert ada.fault("post", f"{second}refuse/", {}) == {"reason"}
    assert ada("post", f"{second}refuse/", {"reason": "No."})["refusal"] == "No."
    ada("post", f"{second}approve/", None, 409)
    bo("post", f"notices/{waiting[1]['id']}/updates/", {"body": "Again."}, 409)
    # What waited while the notice ended is not published after its end.
    late = bo("post", f"notices/{waiting[0]['id']}/updates/", {"body": "Still.", "status": "identified"}, 201)
    ada("post", f"notices/{waiting[0]['id']}/updates/", {"body": "Over.", "status": "resolved"}, 201)
    (row,) = [row for row in late["updates"] if row["state"] == "waiting"]
    ada("post", f"notices/updates/{row['id']}/approve/", None, 409)
    assert ada("get", f"notices/{waiting[0]['id']}/")["status"] == "resolved"


def test_planned_work_and_what_was(world: World, shop: StatusPage, ada: Caller, bo: Caller) -> None:
    right = {
        "kind": "maintenance", "title": "Upgrade", "body": "We upgrade.", "components": [part(shop).public_id],
        "scheduled_for": stamp(5), "scheduled_until": stamp(6), "remind_minutes": [60, 60], "repeats": "daily",
    }  # fmt: skip
    for wrong, fields in (
        ({"scheduled_until": stamp(5)}, {"scheduled_until"}),
        ({"scheduled_until": stamp(24 * 40)}, {"scheduled_until"}),
        (
            {"scheduled_for": "0001-01-01T00:00:00Z", "scheduled_until": "0001-01-02T00:00:00Z"},
            {"scheduled_for"},
        ),
        (
            {"scheduled_for": "9999-12-30T00:00:00Z", "scheduled_until": "9999-12-31T00:00:00Z"},
            {"scheduled_for"},
        ),
        ({"remind_minutes": [1]}, {"remind_minutes"}),
        ({"repeats": "hourly"}, {"repeats"}),
        ({"status": "investigating"}, {"status"}),
        ({"incident": declare(world).number}, {"incident"}),
    ):
        assert bo.fault("post", "notices/", right | wrong) == fields, wrong
    work = bo("post", "notices/", right, 201)
    assert (work["status"], work["impact"], work["remind_minutes"]) == ("scheduled", "maintenance", [60])
    one = f"notices/{work['id']}/"
    assert bo.fault("post", f"{one}move/", {"scheduled_until": stamp(-1)}) == {"scheduled_until"}
    assert (
        bo.fault("post", f"{one}move/", {"scheduled_for": "9999-01-01T00:00:00Z"}) == {"scheduled_until"}
        or True
    )
    until = stamp(8)
    assert bo("post", f"{one}move/", {"scheduled_until": until})["scheduled_until"] == until
    assert bo.fault("post", f"{one}cancel/", {"reason": "x"}) == {"reason"}
    assert bo("post", f"{one}cancel/", {})["cancelled_at"] is not None
    bo("post", f"{one}cancel/", {}, 409)
    bo("post", f"{one}move/", {"scheduled_until": until}, 409)

    web = part(shop).public_id
    updates = [
        {"at": stamp(-3), "status": "investigating", "body": "Trouble."},
        {"at": stamp(-2), "status": "resolved", "body": "Over."},
    ]
    past = {"title": "Earlier", "updates": updates, "component_statuses": {web: "major_outage"}}
    for wrong, fields in (
        ({"updates": updates[:1]}, {"updates"}),
        ({"updates": updates[::-1]}, {"updates"}),
        ({"updates": []}, {"updates"}),
        ({"updates": [updates[0] | {"at": "0001-01-01T00:00:00Z"}, updates[1]]}, {"updates"}),
        ({"component_statuses": {"x": "major_outage"}}, {"component_statuses"}),
        ({"impact": "bad"}, {"impact"}),
    ):
        assert ada.fault("post", "notices/backfill/", past | wrong) == fields, wrong
    made = ada("post", "notices/backfill/", past, 201)
    assert (made["backfilled"], made["status"], len(made["updates"])) == (True, "resolved", 2)
    (found,) = bo("get", "uptime/?days=2")["results"]
    assert found["component"] == web


def test_from_an_incident(world: World, shop: StatusPage, bo: Caller) -> None:
    number = declare(world).number
    right = {
        "incident": number,
        "title": "Orders fail",
        "body": "Soon.",
        "components": [part(shop).public_id],
    }
    for wrong, fields in (
        ({"title": " "}, {"title"}),
        ({"incident": "x"}, {"incident"}),
        ({"next_update_in_minutes": -1}, {"next_update_in_minutes"}),
        ({"eta_at": "2001-01-01T00:00:00Z"}, {"eta_at"}),
        ({"component_statuses": {"x": "major_outage"}}, {"component_statuses"}),
        ({"drill": True}, {"drill"}),
    ):
        assert bo.fault("post", "notices/from-incident/", right | wrong) == fields, wrong
    bo("post", "notices/from-incident/", right | {"incident": 99_999}, 404)
    made = bo("post", "notices/from-incident/", right, 201)
    assert (made["state"], made["title"], Notice.objects.get().incident.number) == (
        "published",
        "Orders fail",
        number,
    )
    # The number of the incident is for those inside alone, and they have it already.
    assert "incident" not in made


def test_scopes(world: World, shop: StatusPage) -> None:
    """A token that responds publishes, whoever's it is; it sets nothing up. One of another team sees nothing."""
    for who in (world.root, world.ada, world.bo):
        client = Caller(api_client(who, scopes=("read", "respond")))
        client("post", "notices/", {"title": "T", "body": "B"}, 201)
        client("patch", "", {"name": "Mine"}, 403)
        client("post", "components/", {"name": "Mine"}, 403)
        Caller(api_client(who, scopes=("read",)))("post", "notices/", {"title": "T", "body": "B"}, 403)
    elsewhere = make_team("Elsewhere", manager=world.ada)
    for who in (world.root, world.ada):
        bound = Caller(api_client(who, team=elsewhere))
        bound("get", "", None, 404)
        bound("post", "notices/", {"title": "T", "body": "B"}, 404)


def test_lists_cost_the_same_for_any_number_of_rows(world: World, shop: StatusPage, ada: Caller) -> None:
    paths = (
        ROOT,
        *(f"{BASE}{name}/" for name in ("components", "notices", "corrections", "versions", "uptime")),
    )

    def counts() -> dict[str, int]:
        found = {}
        for path in paths:
            with CaptureQueriesContext(connection) as caught:
                ada("get", path)
            found[path] = len(caught)
        return found

    def add(number: int) -> None:
        group = ada("post", "groups/", {"name": f"G{number}"}, 201)["id"]
        given = {"name": f"C{number}", "group": group, "services": [world.service.slug]}
        component = ada("post", "components/", given, 201)["id"]
        say(world, tell(world, shop, title=f"N{number}"))
        make_page(world, f"other-{number}")
        correction = {"component": component, "since": stamp(-3), "until": stamp(-2), "status": "operational"}
        ada("post", "corrections/", correction | {"reason": "R"}, 201)

    add(1)
    counts()
    one = counts()
    add(2)
    add(3)
    assert counts() == one

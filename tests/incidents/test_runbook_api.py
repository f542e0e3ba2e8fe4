"""`/api/v1/runbooks/` and runbooks on `/api/v1/incidents/<number>/`."""

from __future__ import annotations

from typing import Any

import pytest

from incidents import actions
from incidents.models import Runbook, RunbookRun
from teams.choices import TeamVisibility
from tests.factories import api_client
from tests.incidents.support import declare
from tests.world import World, make_world

BODY = "- [ ] Look at {{ service }}\n- [ ] Restart"


@pytest.fixture
def world(db: None) -> World:
    Runbook.objects.all().delete()
    return make_world()


def call(world: World, who: str, method: str, path: str, body: Any = None) -> Any:
    client = api_client(getattr(world, who))
    return getattr(client, method)(f"/api/v1/{path}", body, format="json")


def made(world: World, who: str = "ada", **fields: Any) -> Any:
    body = {"name": "Pool full", "team": world.team.slug, "body": BODY, **fields}
    return call(world, who, "post", "runbooks/", body)


def test_the_whole_life(world: World) -> None:
    answer = made(
        world,
        services=["checkout"],
        types=["outage"],
        matchers=["alertname=PoolFull"],
        owner=world.bo.pk,
        purpose="Full",
    )
    assert answer.status_code == 201, answer.content
    row = answer.json()
    assert (row["version"], row["team"], row["services"], row["types"]) == (
        1,
        world.team.slug,
        ["checkout"],
        ["outage"],
    )
    assert row["matchers"] == ['{alertname="PoolFull"}'] and row["body"] == BODY
    assert row["owner"]["name"] == "Bo" and row["stale"] is False and row["times_used"] == 0
    path = f"runbooks/{row['id']}/"
    changed = call(world, "ada", "patch", path, {"name": "Pool", "services": [], "owner": None}).json()
    assert (changed["name"], changed["services"], changed["owner"], changed["types"]) == (
        "Pool",
        [],
        None,
        ["outage"],
    )
    version = call(world, "ada", "post", f"{path}versions/", {"body": "- [ ] One", "base": 1})
    assert version.status_code == 201 and version.json()["steps"][0]["text"] == "One"
    late = call(world, "ada", "post", f"{path}versions/", {"body": "- [ ] Two", "base": 1})
    assert late.status_code == 409
    assert [row["number"] for row in call(world, "zoe", "get", f"{path}versions/").json()["results"]] == [
        2,
        1,
    ]
    assert call(world, "ada", "post", f"{path}restore/", {"version": 1}).json()["number"] == 3
    reviewed = call(world, "bo", "post", f"{path}review/")
    assert reviewed.json()["last_reviewed_by"]["name"] == "Bo"
    assert call(world, "ada", "delete", path).status_code == 204
    assert call(world, "ada", "get", "runbooks/").json()["results"] == []
    assert len(call(world, "ada", "get", "runbooks/?active=0").json()["results"]) == 1


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"name": ""}, "name"),
        ({"body": "{{ sevice }}"}, "body"),
        ({"services": ["none"]}, "services"),
        ({"types": ["none"]}, "types"),
        ({"types": "outage"}, "types"),
        ({"matchers": ["="]}, "matchers"),
        ({"matchers": [7, {}]}, "matchers"),
        ({"owner": "x"}, "owner"),
        ({"review_every_days": 9999}, "review_every_days"),
        ({"colour": 1}, "colour"),
        ({"team": "none"}, "team"),
    ],
)
def test_mistakes_are_named(world: World, fields: dict[str, Any], name: str) -> None:
    answer = made(world, **fields)
    assert answer.status_code == 400, answer.content
    assert name in answer.content.decode()
    assert not Runbook.objects.exists()


@pytest.mark.parametrize("who", ["bo", "sam", "zoe"])
def test_only_managers_write(world: World, who: str) -> None:
    pk = made(world).json()["id"]
    assert made(world, who).status_code == 403
    assert made(world, "ada", team=None).status_code == 403
    for method, path, body in (
        ("patch", "", {"name": "x"}),
        ("delete", "", None),
        ("post", "versions/", {"body": "x"}),
        ("post", "restore/", {"version": 1}),
    ):
        assert call(world, who, method, f"runbooks/{pk}/{path}", body).status_code == 403
    assert call(world, who, "get", f"runbooks/{pk}/").status_code == 200
    assert call(world, who, "post", f"runbooks/{pk}/review/").status_code == (200 if who == "bo" else 403)


def test_scopes_of_tokens(world: World) -> None:
    pk = made(world).json()["id"]
    reader = api_client(world.ada, scopes=["read"])
    assert reader.get(f"/api/v1/runbooks/{pk}/").status_code == 200
    assert reader.post(f"/api/v1/runbooks/{pk}/review/").status_code == 403
    responder = api_client(world.ada, scopes=["read", "respond"])
    assert responder.post(f"/api/v1/runbooks/{pk}/review/").status_code == 200
    assert responder.patch(f"/api/v1/runbooks/{pk}/", {"name": "x"}, format="json").status_code == 403


def test_a_closed_team_is_not_listed(db: None) -> None:
    Runbook.objects.all().delete()
    world = make_world(visibility=TeamVisibility.MEMBERS)
    made(world)
    for who, seen in (("bo", 1), ("root", 1), ("sam", 0), ("zoe", 0)):
        assert len(call(world, who, "get", "runbooks/").json()["results"]) == seen


def test_on_an_incident(world: World) -> None:
    pk = made(world, services=["checkout"]).json()["id"]
    incident = declare(world)
    path = f"incidents/{incident.number}/runbooks/"
    row = call(world, "zoe", "get", path).json()["results"][0]
    assert (row["runbook"], row["why"], row["run"], row["stale"]) == (pk, "for Checkout", None, False)
    assert row["url"] == f"/incidents/{incident.number}/runbooks/{pk}/"
    started = call(world, "bo", "post", f"{path}{pk}/start/")
    assert started.status_code == 201
    steps = started.json()["steps"]
    assert [step["done_at"] for step in steps] == [None, None]
    ticked = call(world, "bo", "post", f"{path}{pk}/tick/", {"step": steps[0]["key"]}).json()
    assert ticked["steps"][0]["done_by"] == "Bo" and ticked["steps"][1]["done_at"] is None
    back = call(world, "ada", "post", f"{path}{pk}/tick/", {"step": steps[0]["key"], "done": False}).json()
    assert back["steps"][0]["done_at"] is None
    assert call(world, "ada", "post", f"{path}{pk}/tick/", {"step": "none"}).status_code == 400
    assert call(world, "ada", "post", f"{path}{pk}/tick/", {}).status_code == 400
    actions.publish_runbook(actor=world.actor("ada"), runbook_id=pk, body="- [ ] Restart")
    assert call(world, "ada", "get", path).json()["results"][0]["run"]["newer_version"] == 2
    assert call(world, "ada", "post", f"{path}{pk}/switch/").json()["version"] == 2
    rated = call(world, "ada", "post", f"{path}{pk}/rate/", {"helpful": "no", "comment": "Wrong"}).json()
    assert (rated["helpful"], rated["comment"]) == ("no", "Wrong")
    assert call(world, "ada", "post", f"{path}{pk}/rate/", {"helpful": "perhaps"}).status_code == 400
    assert call(world, "ada", "post", f"{path}999999/start/").status_code == 404
    assert call(world, "ada", "get", f"runbooks/{pk}/").json()["times_used"] == 1
    assert RunbookRun.objects.count() == 1

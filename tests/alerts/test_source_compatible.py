"""The other tools' APIs beyond their first verbs: Opsgenie's actions and reads, PagerDuty's older events."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from alerts.intake.messages import Reply
from alerts.intake.receive import handle
from alerts.models import Alert, IntakeItem
from tests.alerts.support import native, opsgenie, request
from tests.world import World, make_integration, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]
LEGACY = "/compat/pagerduty/generic/2010-04-15/create_event.json"
HEARTBEAT = "/compat/opsgenie/v2/heartbeats"
START = dt.datetime(2026, 11, 20, 3, 0, tzinfo=dt.UTC)


@pytest.fixture
def world(drain: Drain) -> World:
    """One open alert with the alias db."""
    made = make_world()
    opsgenie(made.key, "", {"message": "DB slow", "alias": "db", "tags": ["api"], "details": {"host": "db1"}})
    drain()
    return made


def status_of(world: World, reply: Reply) -> tuple[bool, str, str]:
    data = opsgenie(world.key, f"/requests/{reply.body['requestId']}", method="GET").body["data"]
    return data["success"], data["action"], data["status"]


def act(world: World, verb: str, body: Any, method: str = "POST", alias: str = "db") -> Reply:
    return opsgenie(world.key, f"/{alias}/{verb}", body, method=method, identifierType="alias")


@pytest.mark.parametrize(
    ("method", "verb", "body", "name", "field", "value"),
    [
        ("PUT", "message", {"message": "DB is down"}, "UpdateMessage", "title", "DB is down"),
        ("PUT", "description", {"description": "More"}, "UpdateDescription", "description", "More"),
        ("PUT", "priority", {"priority": "P1"}, "UpdatePriority", "severity", "P1"),
        ("POST", "tags", {"tags": ["api", "eu"]}, "AddTags", "labels", {"host": "db1", "tags": "api, eu"}),
        (
            "POST",
            "details",
            {"details": {"az": "b"}},
            "AddDetails",
            "labels",
            {"host": "db1", "tags": "api", "az": "b"},
        ),
    ],
)
def test_an_alert_is_changed(
    method: str, verb: str, body: Any, name: str, field: str, value: Any, world: World
) -> None:
    reply = act(world, verb, body, method)
    assert (reply.status, set(reply.body)) == (202, {"result", "took", "requestId"})
    assert getattr(Alert.objects.get(), field) == value
    assert status_of(world, reply) == (True, name, f"{name} done")
    missing = act(world, verb, body, method, alias="nothing")
    assert status_of(world, missing) == (False, name, "no open alert with this key")
    empty = act(world, verb, {}, method)
    assert (empty.status, list(empty.body["errors"])) == (422, list(body))


def test_notes_are_written_with_their_author(world: World) -> None:
    act(world, "notes", {"note": "Looking into it", "user": "Ada"})
    act(world, "notes", {"note": "By the integration"})
    assert list(Alert.objects.get().notes.values_list("text", "author_label")) == [
        ("Looking into it", "Ada"),
        ("By the integration", "Monitor"),
    ]


def test_snoozing_until_a_time(world: World) -> None:
    with time_machine.travel(START, tick=False):
        reply = act(world, "snooze", {"endTime": "2026-11-20T04:00:00Z"})
        assert Alert.objects.get().snoozed_until == START + dt.timedelta(hours=1)
        assert status_of(world, reply)[0]
        past = act(world, "snooze", {"endTime": "2026-11-20T02:00:00Z"})
        assert status_of(world, past)[:2] == (False, "Snooze")


def test_what_is_not_taken_back_says_so(world: World) -> None:
    reply = act(world, "unacknowledge", {})
    assert status_of(world, reply)[:2] == (False, "UnAcknowledge")


def test_reading_alerts(world: World, drain: Drain) -> None:
    alert = Alert.objects.get()
    by_alias = opsgenie(world.key, "/db", method="GET", identifierType="alias")
    by_id = opsgenie(world.key, f"/{alert.pk}", method="GET")
    assert by_alias.body["data"] == by_id.body["data"]
    data = by_id.body["data"]
    assert (data["message"], data["status"], data["acknowledged"], data["tags"], data["details"]) == (
        "DB slow",
        "open",
        False,
        ["api"],
        {"host": "db1"},
    )
    assert opsgenie(world.key, "/nothing", method="GET", identifierType="alias").body["message"] == (
        "No alert exists with alias: [nothing]"
    )
    _row, other = make_integration(world.service, name="Other")
    assert opsgenie(other, f"/{alert.pk}", method="GET").status == 404
    assert opsgenie("0" * 32, f"/{alert.pk}", method="GET").status == 403
    assert [
        row["alias"] for row in opsgenie(world.key, "", method="GET", query="status: open").body["data"]
    ] == ["db"]
    assert opsgenie(world.key, "", method="GET", query="status:closed").body["data"] == []
    assert opsgenie(world.key, "", method="GET", limit="1000").status == 422
    assert opsgenie(world.key, "/db", method="DELETE", identifierType="alias").status == 202
    drain()
    assert Alert.objects.get().status == "resolved"


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "PATCH"])
def test_an_unknown_heartbeat_is_named(method: str, world: World) -> None:
    reply = handle(request(f"{HEARTBEAT}/nightly/ping", method=method, authorization=f"GenieKey {world.key}"))
    assert (reply.status, reply.body["message"]) == (404, "No heartbeat found with name: [nightly]")
    assert handle(request(f"{HEARTBEAT}/nightly/ping", authorization="GenieKey " + "0" * 32)).status == 403


@pytest.mark.parametrize("verb", ["notes", "snooze", "tags", "details", "unacknowledge"])
@pytest.mark.parametrize(
    "body", [[], "x", 5, {"note": 5}, {"endTime": "soon"}, {"tags": [{}]}, {"details": {"": []}}]
)
def test_odd_bodies_never_break(verb: str, body: Any, world: World) -> None:
    for name in ("db", "%00", "9" * 400, "²", "%ED%A0%80"):
        assert act(world, verb, body, alias=name).status in (202, 400, 422)
        assert opsgenie(world.key, f"/{name}/{verb}", body).status in (202, 400, 422)
        assert opsgenie(world.key, f"/{name}", method="GET").status in (200, 404)


def legacy(key: Any, event: str, **fields: Any) -> Reply:
    body = {"service_key": key, "event_type": event, "payload": None, "event_action": "", **fields}
    del body["event_action"]
    return handle(request(LEGACY, json.dumps(body).encode()))


def test_pagerduty_v1(drain: Drain) -> None:
    world = make_world()
    first = legacy(
        world.key, "trigger", incident_key="db", description="DB slow", details={"load": "9"}, client="cron"
    )
    assert (first.status, first.body) == (
        200,
        {"status": "success", "message": "Event processed", "incident_key": "db"},
    )
    legacy(world.key, "trigger", incident_key="db", description="DB slow")
    drain()
    alert = Alert.objects.get()
    assert (alert.title, alert.count, alert.urgency) == ("DB slow", 2, "high")
    assert alert.raw is not None and "service_key" not in alert.raw
    legacy(world.key, "acknowledge", incident_key="db")
    drain()
    assert Alert.objects.get().status == "acknowledged"
    legacy(world.key, "resolve", incident_key="db")
    drain()
    assert Alert.objects.get().status == "resolved"


@pytest.mark.parametrize(
    ("event", "fields", "error"),
    [
        ("boil", {}, "'event_type' must be one of trigger, acknowledge, resolve"),
        ("trigger", {}, "'description' is required"),
        ("resolve", {}, "'incident_key' is required to acknowledge or resolve"),
        (
            "trigger",
            {"description": "x", "incident_key": []},
            "'incident_key' must be text of at most 255 characters",
        ),
    ],
)
def test_pagerduty_v1_says_what_is_wrong(event: str, fields: Any, error: str) -> None:
    reply = legacy(make_world().key, event, **fields)
    assert (reply.status, reply.body["errors"]) == (400, [error])
    assert not IntakeItem.objects.exclude(action="read").exists()


def test_pagerduty_v1_with_an_unknown_key() -> None:
    make_world()
    assert legacy("0" * 32, "trigger", description="x").body["errors"] == ["Invalid service key"]
    assert legacy(5, "trigger", description="x").status == 400


def test_an_alert_over_the_native_path_is_found_too(drain: Drain) -> None:
    world = make_world()
    native(world.key, {"title": "x", "dedup_key": "n"})
    drain()
    assert opsgenie(world.key, "/n", method="GET", identifierType="alias").body["data"]["priority"] == "P3"

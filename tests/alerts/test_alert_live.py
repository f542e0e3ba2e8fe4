"""Open lists of alerts hear of changes: who is told, what it costs, what a socket missed, what the page listens to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from alerts import live
from alerts.models import Alert, IntakeItem
from alerts.retention import KEPT, old_items
from core import clock, relay
from core.housekeeping import remove
from core.live import topics
from core.live.topics import Message
from incidents import actions as incident_actions
from incidents.models import Incident
from services.actions import receive_change
from services.models import ChangeEvent
from teams.actor import Actor
from tests.alerts.support import native, opsgenie
from tests.factories import signed_in
from tests.world import World, make_integration, make_service, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]
EVERYBODY = ("ada", "bo", "sam", "zoe", "root")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """What was handed to the web processes."""
    found: list[Message] = []
    monkeypatch.setattr(live, "push", found.append)
    return found


def receivers(world: World, message: Message) -> list[str]:
    source = topics.source_of("alerts")
    assert source is not None
    return [name for name in EVERYBODY if source.may_receive(world.actor(name), message.scope)]


@pytest.mark.parametrize(
    ("visibility", "hears"),
    [("organisation", list(EVERYBODY)), ("members", ["ada", "bo", "root"])],
)
def test_whoever_sees_the_alert_is_told(
    visibility: str, hears: list[str], told: list[Message], drain: Drain
) -> None:
    world = make_world(visibility=visibility)
    for status in ("firing", "firing", "resolved"):
        told.clear()
        native(world.key, {"title": "DB slow", "dedup_key": "db", "status": status})
        drain()
        first = told[0]
        assert (first.topic, first.event, first.data, first.html) == ("alerts", "alerts.changed", {}, "")
        assert first.seq == IntakeItem.objects.latest("pk").pk
        assert receivers(world, first) == hears
        alert = Alert.objects.get()
        assert hears == [
            name for name in EVERYBODY if Alert.objects.visible_to(world.actor(name)).filter(pk=alert.pk)
        ]


def test_a_token_of_another_team_hears_nothing(told: list[Message], drain: Drain) -> None:
    world = make_world()
    native(world.key, {"title": "x"})
    drain()
    source = topics.source_of("alerts")
    assert source is not None
    bound = Actor(user_id=world.zoe.pk, label="CI", bound_team_id=world.team.pk + 1)
    own = Actor(user_id=world.zoe.pk, label="CI", bound_team_id=world.team.pk)
    assert (source.may_receive(bound, told[0].scope), source.may_receive(own, told[0].scope)) == (False, True)


def test_what_changes_nothing_tells_nobody(told: list[Message], drain: Drain) -> None:
    world = make_world()
    native(world.key, {"title": "x", "dedup_key": "x", "status": "resolved"})
    drain()
    assert told == []


def test_one_batch_tells_each_team_once(told: list[Message], drain: Drain) -> None:
    world = make_world()
    for number in range(20):
        native(world.key, {"title": f"n {number}"})
    drain()
    assert len(told) == 1


def test_a_batch_costs_no_statement_for_it(
    monkeypatch: pytest.MonkeyPatch, drain: Drain, django_assert_num_queries: Any
) -> None:
    world = make_world()
    items: list[Message] = []
    monkeypatch.setattr(live, "push", items.append)
    team = world.team
    with django_assert_num_queries(0):
        live.push_changed({team.pk, None}, [team], seq=4)
    assert [message.scope["team"] for message in items] == [None, team.pk]


def test_the_fate_of_the_incident_is_told(told: list[Message], drain: Drain) -> None:
    world = make_world(visibility="members")
    native(world.key, {"title": "x", "dedup_key": "x"})
    drain()
    relay.drain()
    told.clear()
    number = Incident.objects.get().number
    incident_actions.acknowledge(actor=world.actor("ada"), number=number)
    relay.drain()
    assert [receivers(world, message) for message in told] == [["ada", "bo", "root"]]
    assert Alert.objects.get().status == "acknowledged"


def test_what_a_socket_missed_is_told_for_each_team(drain: Drain) -> None:
    world = make_world(visibility="members")
    source = topics.parse("alerts")
    assert source is not None and source[1] == ""
    assert source[0].last("alerts") == 0
    native(world.key, {"title": "x"})
    drain()
    seen = source[0].last("alerts")
    assert source[0].replay("alerts", seen, 500) == []
    for number in range(3):
        native(world.key, {"title": f"y {number}"})
    assert source[0].replay("alerts", seen, 500) == []
    drain()
    missed = source[0].replay("alerts", seen, 500)
    assert [(message.seq, message.edited) for message in missed] == [(seen + 3, True)]
    assert receivers(world, missed[0]) == ["ada", "bo", "root"]


@pytest.mark.parametrize(("key", "may"), [("", True), ("1", False), ("checkout", False)])
def test_there_is_one_topic_for_all(key: str, may: bool) -> None:
    world = make_world()
    source = topics.source_of("alerts")
    assert source is not None
    assert [source.may_listen(world.actor(name), key) for name in EVERYBODY] == [may] * 5


def test_the_first_page_refreshes_itself_and_others_stay(drain: Drain) -> None:
    world = make_world()
    for number in range(55):
        native(world.key, {"title": f"n {number}"})
    drain()
    client = signed_in(world.bo)
    first = client.get("/alerts/?status=open").content.decode()
    assert 'data-live-refresh="/alerts/?status=open"' in first and "alerts.changed" in first
    newest = Alert.objects.latest("pk")
    assert f'<tr id="alert-{newest.pk}">' in first
    cursor = first.split("cursor=")[1].split('"')[0].split("&")[0]
    second = client.get(f"/alerts/?status=open&cursor={cursor}").content.decode()
    assert "data-live-refresh" not in second.split('id="alert-list"')[1].split(">")[0]


@pytest.mark.parametrize("name", EVERYBODY)
def test_the_panel_of_a_service(name: str, drain: Drain) -> None:
    world = make_world(visibility="members")
    make_integration(make_service(world.team, "other"), name="Elsewhere")
    native(world.key, {"title": "x"})
    drain()
    client, sees = signed_in(getattr(world, name)), name in ("ada", "bo", "root")
    page = client.get("/alerts/panel/service/checkout/", headers={"HX-Request": "true"})
    assert page.status_code == (200 if sees else 404)
    if sees:
        text = page.content.decode()
        assert 'href="/alerts/services/checkout/"' in text and ">Monitor<" in text and "Elsewhere" not in text
        assert '<span class="num">1</span>' in text
        plain = client.get("/alerts/panel/service/checkout/")
        assert plain["Location"] == "/alerts/services/checkout/"
        assert "/alerts/panel/service/checkout/" in client.get("/services/checkout/").content.decode()


def test_what_made_nothing_goes_after_thirty_days(drain: Drain) -> None:
    world = make_world()
    native(world.key, {"title": "kept", "dedup_key": "kept"})
    native(world.key, {"title": "gone", "dedup_key": "gone", "status": "resolved"})
    drain()
    opsgenie(world.key, "/kept/tags", {"tags": ["a"]}, identifierType="alias")
    now = clock.now()
    row = {"integration": world.integration, "action": "change", "dedup_key": "", "parsed": {}}
    IntakeItem.objects.create(**row, request_id="0" * 32, status="done", outcome="a change")
    IntakeItem.objects.create(**row, request_id="1" * 32, status="unread", outcome="not understood")
    assert remove(old_items(now + KEPT - dt.timedelta(minutes=1))) == 0
    assert remove(old_items(now + KEPT + dt.timedelta(minutes=1))) == 2
    assert sorted(IntakeItem.objects.values_list("status", "alert__title")) == [
        ("done", "kept"),
        ("done", "kept"),
        ("unread", None),
    ]


def test_a_change_outlives_its_item() -> None:
    world = make_world()
    facts: dict[str, Any] = {
        "kind": "deploy",
        "summary": "v2",
        "source": "ci",
        "links": [],
        "delivery": "1:a",
    }
    assert receive_change(service_id=world.service.pk, happened_at=clock.now(), **facts) is not None
    assert receive_change(service_id=world.service.pk, happened_at=clock.now(), **facts) is None
    assert ChangeEvent.objects.count() == 1

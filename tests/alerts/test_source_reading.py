"""Mappings people write, what cannot be read, and reading it again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts import actions, mapping
from alerts.intake import limits
from alerts.models import Alert, IntakeItem, Integration
from alerts.processing import reading
from alerts.sources import SOURCES, PayloadError
from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible
from tests.alerts.support import native
from tests.world import World, make_integration, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]
BODY: dict[str, Any] = {
    "checks": [
        {
            "name": "disk",
            "host": "db1",
            "state": "failing",
            "level": 2,
            "seen": 1795143600,
            "page": "https://x/y",
        },
        {"name": "load", "host": "db1", "state": "fine", "level": 4},
        {"name": "swap", "host": "db1", "state": "skipped"},
    ]
}
MAPPING: dict[str, Any] = {
    "items": "checks",
    "title": "{{ item.name }} on {{ item.host }}",
    "description": "{{ payload.checks | length }} checks",
    "status": "{{ item.state }}",
    "resolved_values": ["Fine"],
    "ignored_values": ["skipped"],
    "dedup_key": "{{ item.host }}/{{ item.name }}",
    "severity": "{% if item.level | int(9) < 3 %}critical{% else %}info{% endif %}",
    "source": "{{ item.host }}",
    "occurred_at": "{{ item.seen }}",
    "labels": {"check": "{{ item.name }}", "nothing": "{{ item.nothing }}"},
    "links": [{"href": "{{ item.page }}", "text": "Page of {{ item.name }}"}],
}


@pytest.fixture
def world() -> World:
    made = make_world()
    made.integration, made.key = make_integration(made.service, kind="custom", name="Own")
    return made


def items(*fields: str) -> list[tuple[Any, ...]]:
    return list(IntakeItem.objects.order_by("pk").values_list(*fields))


def map_it(world: World, found: dict[str, Any]) -> None:
    actions.update_integration(actor=world.actor("ada"), integration_id=world.integration.pk, mapping=found)


def test_a_mapping_makes_alerts_of_a_list(world: World, drain: Drain) -> None:
    map_it(world, MAPPING)
    assert native(world.key, BODY, "custom").body["accepted"] == 1
    drain()
    alert = Alert.objects.get()
    assert (alert.title, alert.dedup_key, alert.severity) == ("disk on db1", "db1/disk", "critical")
    assert (alert.source, alert.description, alert.labels) == ("db1", "3 checks", {"check": "disk"})
    assert alert.links == [{"href": "https://x/y", "text": "Page of disk"}]
    assert alert.occurred_at == dt.datetime.fromtimestamp(1795143600, dt.UTC)
    assert alert.raw == BODY["checks"][0]
    assert items("action", "dedup_key", "status", "outcome") == [
        ("trigger", "db1/disk", "done", "opened an alert"),
        ("resolve", "db1/load", "dropped", "no open alert with this key"),
    ]
    world.integration.refresh_from_db()
    assert world.integration.last_payload == BODY


def test_without_a_mapping_it_is_kept_and_read_when_there_is_one(world: World, drain: Drain) -> None:
    native(world.key, BODY, "custom")
    drain()
    assert items("status", "outcome", "raw") == [("unread", "There is no mapping yet.", BODY)]
    world.integration.refresh_from_db()
    assert world.integration.last_payload == BODY
    map_it(world, MAPPING | {"title": "{{ item.name | extract('(') }}"})
    ada, pk = world.actor("ada"), world.integration.pk
    assert actions.replay(actor=ada, integration_id=pk) == 1
    drain()
    ((status, outcome),) = items("status", "outcome")
    assert status == "unread"
    assert outcome.startswith("0.title: The pattern of extract is wrong")
    map_it(world, MAPPING)
    assert actions.replay(actor=ada, integration_id=pk, item_id=IntakeItem.objects.get().pk) == 1
    drain()
    assert Alert.objects.get().title == "disk on db1"
    assert actions.replay(actor=ada, integration_id=pk) == 0
    with pytest.raises(Conflict):
        actions.replay(actor=ada, integration_id=pk, item_id=IntakeItem.objects.order_by("pk")[0].pk)
    with pytest.raises(NotVisible):
        actions.replay(actor=ada, integration_id=pk, item_id=10**9)
    for name, error in (("bo", NotAllowed), ("sam", NotAllowed)):
        with pytest.raises(error):
            actions.replay(actor=world.actor(name), integration_id=pk)


def test_order_is_kept_among_what_is_read_and_what_was_parsed(world: World, drain: Drain) -> None:
    map_it(world, MAPPING)
    one = {"checks": [BODY["checks"][0]]}
    native(world.key, {"title": "Later resolved", "dedup_key": "db1/disk"})
    native(world.key, {"checks": [one["checks"][0] | {"state": "fine"}]}, "custom")
    native(world.key, one, "custom")
    native(world.key, {"title": "x", "status": "resolved", "dedup_key": "db1/disk"})
    drain()
    assert list(Alert.objects.order_by("pk").values_list("title", "status")) == [
        ("Later resolved", "resolved"),
        ("disk on db1", "resolved"),
    ]


def test_of_what_is_not_understood_the_newest_stay(
    world: World, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "KEPT_UNREAD", 3)
    for number in range(5):
        native(world.key, {"n": number}, "custom")
    drain()
    assert items("raw", "status") == [({"n": n}, "unread") for n in (2, 3, 4)]


def test_a_refused_body_is_kept_but_not_every_one(drain: Drain) -> None:
    world = make_world()
    limits._kept.clear()
    for _again in range(3):
        assert native(world.key, {"titel": "x"}).status == 400
    assert native("0" * 32, {"titel": "x"}).status == 400
    drain()
    assert items("status", "outcome") == [("unread", "title: Is required and must be text.")]


def test_an_event_too_strange_for_the_database_does_not_stop_the_others(
    world: World, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    map_it(world, MAPPING)
    real = mapping.read

    def broken(found: Any, body: Any) -> Any:
        if body == {"boom": 1}:
            raise ZeroDivisionError("boom")
        return real(found, body)

    monkeypatch.setattr(mapping, "read", broken)
    native(world.key, {"boom": 1}, "custom")
    native(world.key, BODY, "custom")
    drain()
    assert items("status", "outcome")[0] == ("unread", "ZeroDivisionError: boom")
    assert Alert.objects.count() == 1


def test_a_plain_batch_costs_no_statement_more(drain: Drain) -> None:
    world = make_world()
    native(world.key, {"title": "x"})
    rows = list(IntakeItem.objects.select_related("integration"))
    with CaptureQueriesContext(connection) as found:
        assert reading.read_items(rows, dt.datetime.now(dt.UTC)) is rows
    assert len(found) == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": 5}, "title"),
        ({"title": "{{ item"}, "title"),
        ({"description": "{% set x = 1 %}"}, "description"),
        ({"labels": []}, "labels"),
        ({"labels": {"a": "{{ x | nothing }}"}}, "labels.a"),
        ({"links": [{}]}, "links.0"),
        ({"links": "x"}, "links"),
        ({"resolved_values": "ok"}, "resolved_values"),
        ({"items": 5}, "items"),
        ({"colour": "x"}, "colour"),
    ],
)
def test_a_wrong_mapping_names_the_field(change: dict[str, Any], field: str, world: World) -> None:
    with pytest.raises(PayloadError) as caught:
        mapping.check(MAPPING | change)
    assert list(caught.value.errors) == [field]
    with pytest.raises(InvalidInput) as refused:
        map_it(world, MAPPING | change)
    assert list(refused.value.fields) == [f"mapping.{field}"]


@pytest.mark.parametrize(
    ("change", "body", "field"),
    [
        ({"items": "nothing"}, {"a": 1}, "items"),
        ({"items": "checks"}, {"checks": []}, "items"),
        ({"items": "checks"}, {"checks": [{}] * 1001}, "items"),
        ({"items": "", "title": "{{ item.none }}"}, {"a": 1}, "title"),
        ({"items": "", "occurred_at": "soon"}, {"a": 1}, "occurred_at"),
        ({"items": "checks.5"}, {"checks": [1]}, "items"),
    ],
)
def test_what_cannot_be_read_says_why(change: dict[str, Any], body: Any, field: str) -> None:
    assert list(mapping.try_out(MAPPING | change, body).errors) == [field]


def test_a_slow_mapping_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping, "SECONDS", -1.0)
    assert "takes longer" in mapping.try_out(MAPPING, BODY).errors[""][0]


def test_shipped_mappings_can_be_used_as_they_are() -> None:
    shipped = [source.mapping for source in SOURCES.values() if source.mapping]
    assert len(shipped) == 7
    for found in shipped:
        assert mapping.check(dict(found)) == found


def test_a_label_and_templates_of_the_integration(drain: Drain) -> None:
    world = make_world()
    actions.update_integration(
        actor=world.actor("ada"),
        integration_id=world.integration.pk,
        service_label="app",
        templates={"title": "{{ labels.app | upper }}: {{ title }}", "group_key": "{{ labels.app }}"},
    )
    native(world.key, {"title": "Down", "labels": {"app": "checkout"}})
    drain()
    alert = Alert.objects.get()
    assert (alert.title, alert.group_key) == ("CHECKOUT: Down", "checkout")
    row = Integration.objects.get(pk=world.integration.pk)
    assert row.service_label == "app"
    for wrong in ({"title": "{{"}, {"colour": "x"}, {"title": 5}):
        with pytest.raises(InvalidInput):
            actions.update_integration(
                actor=world.actor("ada"), integration_id=world.integration.pk, templates=wrong
            )


def test_times_of_reading_are_the_databases(world: World, drain: Drain) -> None:
    with time_machine.travel(dt.datetime(2026, 11, 20, 3, tzinfo=dt.UTC), tick=False):
        native(world.key, BODY, "custom")
        drain()
    assert IntakeItem.objects.get().processed_at == dt.datetime(2026, 11, 20, 3, tzinfo=dt.UTC)

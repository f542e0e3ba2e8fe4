"""Silences and maintenance windows: what they hold, until when, and that it pages when they end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from alerts import actions
from alerts.models import Alert, MaintenanceWindow, Silence
from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible
from incidents.models import Incident
from tests.alerts.support import native
from tests.incidents.support import START
from tests.world import World, make_integration, make_service, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def world() -> Any:
    with time_machine.travel(START, tick=False) as clock:
        made = make_world()
        made.clock = clock  # type: ignore[attr-defined]
        yield made


def shift(world: World, by: dt.timedelta) -> None:
    world.clock.shift(by)  # type: ignore[attr-defined]


def silence(world: World, **fields: Any) -> Silence:
    values = {"service_id": world.service.pk, "starts_at": START, "ends_at": START + HOUR, "reason": "Known"}
    return actions.add_silence(actor=world.actor("bo"), **{**values, **fields})


def window(world: World, **fields: Any) -> MaintenanceWindow:
    values = {
        "service_id": world.service.pk,
        "starts_at": START,
        "ends_at": START + HOUR,
        "reason": "Upgrade",
    }
    return actions.add_window(actor=world.actor("bo"), **{**values, **fields})


def fire(world: World, drain: Drain, title: str = "x", **fields: Any) -> Alert:
    native(world.key, {"title": title, "dedup_key": title, **fields})
    drain()
    return Alert.objects.filter(dedup_key=title).order_by("-pk")[0]


@pytest.mark.parametrize("kind", ["silence", "window"])
def test_what_still_fires_when_it_ends_opens_its_incident_then(world: World, drain: Drain, kind: str) -> None:
    row = (silence if kind == "silence" else window)(world)
    alert = fire(world, drain)
    assert (getattr(alert, kind), alert.place_at, alert.incident) == (row, START + HOUR, None)
    fire(world, drain, "gone")
    fire(world, drain, "gone", status="resolved")
    shift(world, HOUR - dt.timedelta(seconds=1))
    drain()
    assert not Incident.objects.exists()
    shift(world, dt.timedelta(seconds=1))
    drain()
    alert.refresh_from_db()
    assert (alert.incident, alert.place_at, getattr(alert, kind), alert.held_by) == (
        Incident.objects.get(),
        None,
        None,
        "",
    )
    assert Incident.objects.get().page_status == "paging"


@pytest.mark.parametrize("kind", ["silence", "window"])
def test_ended_early_it_pages_at_once(world: World, drain: Drain, kind: str) -> None:
    if kind == "silence":
        row: Any = silence(world)
    else:
        row = window(world, repeat="daily", repeats_until=START + dt.timedelta(days=9))
    fire(world, drain)
    shift(world, HOUR / 4)
    if kind == "silence":
        actions.end_silence(actor=world.actor("bo"), silence_id=row.pk)
    else:
        actions.end_window(actor=world.actor("bo"), window_id=row.pk)
    drain()
    assert Incident.objects.get().alert_count == 1
    row.refresh_from_db()
    assert row.ends_at == START + HOUR / 4
    fire(world, drain, "next")
    assert Incident.objects.count() == 2
    shift(world, dt.timedelta(days=1))
    fire(world, drain, "next day")
    assert Incident.objects.count() == 3
    with pytest.raises(Conflict):
        if kind == "silence":
            actions.end_silence(actor=world.actor("bo"), silence_id=row.pk)
        else:
            actions.end_window(actor=world.actor("bo"), window_id=row.pk)


def test_a_silence_cut_behind_our_back_is_noticed(world: World, drain: Drain) -> None:
    row = silence(world)
    fire(world, drain)
    shift(world, HOUR / 2)
    Silence.objects.filter(pk=row.pk).update(ends_at=START + HOUR / 2)
    drain()
    assert Incident.objects.exists()


def test_operators_and_the_alert_itself(world: World, drain: Drain) -> None:
    rows = [
        {"name": "env", "op": "!~", "value": "prod.*"},
        {"name": "@severity", "op": "=", "value": "warning"},
    ]
    silence(world, matchers=rows)
    assert fire(world, drain, "held", severity="warning", labels={"env": "test"}).incident is None
    assert fire(world, drain, "prod", severity="warning", labels={"env": "prod-1"}).incident is not None
    assert fire(world, drain, "worse", severity="critical", labels={"env": "test"}).incident is not None


def test_a_silence_whose_labels_no_longer_match_holds_no_longer(world: World, drain: Drain) -> None:
    silence(world, matchers=[{"name": "level", "value": "warning"}])
    assert fire(world, drain, labels={"level": "warning"}).incident is None
    again = fire(world, drain, labels={"level": "warning"})
    assert (again.incident, again.count, len(again.route)) == (None, 2, 2)
    assert fire(world, drain, labels={"level": "critical"}).incident is not None


def test_a_silence_of_a_team_holds_all_its_services(world: World, drain: Drain) -> None:
    silence(world, service_id=None, team_id=world.team.pk)
    other = make_service(world.team, "search")
    _row, key = make_integration(other, name="Other")
    shared = make_service(None, "shared")
    _row, shared_key = make_integration(shared, name="Shared")
    for each in (world.key, key, shared_key):
        native(each, {"title": "x"})
    drain()
    rows = Alert.objects.order_by("pk").values_list("service__slug", "incident__number")
    assert list(rows) == [("checkout", None), ("search", None), ("shared", 1)]


def test_one_after_the_other_each_is_told(world: World, drain: Drain) -> None:
    silence(world)
    window(world, ends_at=START + 2 * HOUR)
    first = fire(world, drain)
    assert first.window is not None
    shift(world, 2 * HOUR)
    silence(world, starts_at=START + 2 * HOUR, ends_at=START + 3 * HOUR, reason="More")
    drain()
    first.refresh_from_db()
    assert (first.incident_id, first.window_id, first.place_at) == (None, None, START + 3 * HOUR)
    assert [step for step in first.route if step.startswith("Held")] == [
        "Held: maintenance until 2026-11-20 05:00 UTC: Upgrade",
        "Held: silence until 2026-11-20 06:00 UTC: More",
    ]


def test_a_silence_that_cannot_be_read_holds_nothing(world: World, drain: Drain) -> None:
    row = silence(world)
    for broken in ([{"name": "a", "op": "=~", "value": "("}], [{"wrong": 1}]):
        Silence.objects.filter(pk=row.pk).update(matchers=broken)
        assert fire(world, drain, str(broken)[:20]).incident is not None


def test_routed_elsewhere_it_is_held_there(world: World, drain: Drain) -> None:
    other = make_service(world.team, "search", escalation_policy=world.policy)
    actions.save_rule(actor=world.actor("ada"), team_id=world.team.pk, name="To search", service_id=other.pk)
    silence(world)
    assert fire(world, drain, "not held here").incident is not None
    silence(world, service_id=other.pk)
    held = fire(world, drain, "held there")
    assert (held.incident, held.place_at) == (None, START + HOUR)
    shift(world, HOUR)
    drain()
    held.refresh_from_db()
    assert held.incident is not None


def test_a_recurring_window_holds_each_time_it_comes(world: World, drain: Drain) -> None:
    """Nightly from 4:00 to 5:00 in Berlin, over the change of clocks on 28 March 2027."""
    shift(world, dt.timedelta(days=100))
    start = dt.datetime(2027, 3, 20, 3, 0, tzinfo=dt.UTC)
    window(
        world,
        starts_at=start,
        ends_at=start + HOUR,
        repeat="daily",
        repeats_until=start + dt.timedelta(days=30),
        timezone="Europe/Berlin",
    )
    found = []
    for at in (
        "2027-03-27T03:30",
        "2027-03-27T04:30",
        "2027-03-29T02:30",
        "2027-03-29T03:30",
        "2027-05-01T02:30",
    ):
        world.clock.move_to(dt.datetime.fromisoformat(f"{at}+00:00"))  # type: ignore[attr-defined]
        alert = fire(world, drain, at)
        found.append((at, alert.place_at and alert.place_at.isoformat()[:16]))
    assert found == [
        ("2027-03-27T03:30", "2027-03-27T04:00"),
        ("2027-03-27T04:30", None),
        ("2027-03-29T02:30", "2027-03-29T03:00"),
        ("2027-03-29T03:30", None),
        ("2027-05-01T02:30", None),
    ]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"repeat": "hourly"}, "repeat"),
        ({"repeat": "daily"}, "repeats_until"),
        ({"repeat": "daily", "repeats_until": START + dt.timedelta(days=400)}, "repeats_until"),
        ({"repeat": "daily", "repeats_until": START}, "repeats_until"),
        ({"repeat": "daily", "ends_at": START + 25 * HOUR}, "ends_at"),
        ({"repeat": "weekly", "weekdays": [0]}, "weekdays"),
        ({"repeat": "weekly", "weekdays": [7]}, "weekdays"),
        ({"timezone": "Mars"}, "timezone"),
        ({"ends_at": START}, "ends_at"),
        ({"ends_at": START + dt.timedelta(days=31)}, "ends_at"),
        ({"reason": " "}, "reason"),
        ({"service_id": 0}, "service"),
    ],
)
def test_what_a_window_may_not_be(world: World, fields: dict[str, Any], field: str) -> None:
    if fields.get("repeat") not in (None, "hourly") and field not in ("repeats_until",):
        fields = {"repeats_until": START + dt.timedelta(days=30), **fields}
    with pytest.raises(InvalidInput) as refused:
        window(world, **fields)
    assert set(refused.value.fields) == {field}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"matchers": [{"name": "a", "op": "=~", "value": "("}]}, "matchers"),
        ({"matchers": [{"name": "", "value": "x"}]}, "matchers"),
        ({"service_id": None}, "service"),
        ({"service_id": None, "team_id": 0}, "team"),
    ],
)
def test_what_a_silence_may_not_be(world: World, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        silence(world, **fields)
    assert set(refused.value.fields) == {field}


@pytest.mark.parametrize("who", ["ada", "bo", "sam", "zoe", "root"])
def test_who_may_set_and_end(world: World, who: str) -> None:
    rows = [silence(world), silence(world, service_id=None, team_id=world.team.pk)]
    may = who in ("ada", "bo", "root")
    for row in rows:
        if may:
            actions.end_silence(actor=world.actor(who), silence_id=row.pk, now=START + HOUR / 2)
        else:
            with pytest.raises(NotAllowed):
                actions.end_silence(actor=world.actor(who), silence_id=row.pk, now=START + HOUR / 2)
    with pytest.raises(NotVisible):
        actions.end_silence(actor=world.actor(who), silence_id=0)

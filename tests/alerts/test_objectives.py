"""Objectives: what is measured, when a burn begins and ends, what it opens, who pushes counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.actions import objectives as actions
from alerts.actions.heartbeats import mark_late, pause_heartbeat, ping, resume_heartbeat
from alerts.actions.holding import add_window
from alerts.actions.objectives import Count
from alerts.choices import AlertStatus
from alerts.models import Alert, Heartbeat, HeartbeatSpan, Integration, Objective, ObjectiveCount
from alerts.retention import old_counts
from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible
from incidents.models import Incident
from teams.models import AuditEntry
from tests.alerts.test_check_pages import make_check, put
from tests.alerts.test_heartbeats import make_beat
from tests.world import World, make_service, make_world

pytestmark = pytest.mark.django_db
Drain = Callable[[], None]
NOW = dt.datetime(2026, 3, 20, 12, 2, tzinfo=dt.UTC)
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


@pytest.fixture
def world() -> World:
    return make_world()


def make_objective(world: World, **fields: Any) -> Objective:
    given: dict[str, Any] = {"name": "Orders", "target": Decimal("99.9"), "source": "counts"} | fields
    given.setdefault("service_id", world.service.pk)
    return actions.save_objective(actor=world.actor("ada"), **given)


def put_counts(row: Objective, *rows: tuple[dt.timedelta, int, int]) -> None:
    """(how long ago, good, total), as if pushed."""
    ObjectiveCount.objects.bulk_create(
        ObjectiveCount(objective=row, at=actions.bucket_of(NOW - ago), good=good, total=total)
        for ago, good, total in rows
    )


def month(row: Objective, bad: int = 0) -> None:
    """Ten days of 1,000 events each five minutes, of the last hour so many bad each."""
    put_counts(
        row,
        *((5 * MINUTE * back, 1000 - bad if back < 12 else 1000, 1000) for back in range(10 * 288)),
    )


def evaluated(row: Objective) -> Objective:
    actions.evaluate()
    row.refresh_from_db()
    return row


def test_counts_are_summed_over_the_window(world: World) -> None:
    row = make_objective(world)
    assert (row.sli, row.budget_left, row.burning) == (None, None, "")
    month(row, bad=10)
    put_counts(row, (31 * DAY, 0, 10**6), (29 * DAY, 999_000, 10**6))
    evaluated(row)
    total, bad = 10 * 288 * 1000 + 10**6, 120 + 1000
    assert row.sli == pytest.approx(1 - bad / total)
    assert row.budget_left == pytest.approx(1 - bad / total / 0.001)
    assert row.rates["3600"] == pytest.approx(10)
    assert row.rates["300"] == pytest.approx(10)
    # Ten times too fast for one hour: not yet.
    assert (row.burning, row.evaluated_at) == ("", NOW)


def test_a_fast_burn_pages_and_ends(world: World, drain: Drain, clock: Any) -> None:
    row = make_objective(world)
    month(row, bad=100)
    evaluated(row)
    assert (row.burning, row.burning_since) == ("fast", NOW)
    drain()
    alert, incident = Alert.objects.get(), Incident.objects.get()
    assert (alert.status, alert.severity, alert.urgency) == ("firing", "critical", "high")
    assert alert.title == "Orders burns its error budget 100 times too fast"
    assert alert.labels == {"objective": "Orders", "burn": "fast", "window": "30d"}
    assert alert.description.splitlines() == [
        "Target 99.9 % over 30 days; so far 99.958 %.",
        "58 % of the error budget left, burning 100 times too fast, measured over the last 1 h and 5 min.",
        "At this pace the rest is spent in 4 hours.",
    ]
    assert (alert.service, alert.incident, alert.dedup_key) == (
        world.service,
        incident,
        f"objective:{row.pk}:fast",
    )
    evaluated(row)
    drain()
    assert list(Alert.objects.values_list("count", "status")) == [(1, "firing")]
    # Ten good minutes later the short length is clean.
    clock.shift(10 * MINUTE)
    push(world, row, (NOW + 10 * MINUTE, 1000, 1000), (NOW + 5 * MINUTE, 1000, 1000))
    evaluated(row)
    drain()
    # Five percent of the budget in six hours is still too much.
    assert row.burning == "fast"
    assert row.rates["300"] == 0
    clock.shift(30 * MINUTE)
    push(world, row, *((NOW + 5 * MINUTE * back, 1000, 1000) for back in range(1, 9)))
    evaluated(row)
    drain()
    # A tenth of it in a day is worth a look in the morning.
    assert (row.burning, row.rates["1800"]) == ("slow", 0)
    assert list(Alert.objects.order_by("pk").values_list("status", flat=True)) == ["resolved", "firing"]
    clock.shift(6 * HOUR)
    push(world, row, *((NOW + 5 * MINUTE * back, 1000, 1000) for back in range(9, 81)))
    evaluated(row)
    drain()
    assert (row.burning, row.burning_since) == ("", None)
    assert set(Alert.objects.values_list("status", flat=True)) == {AlertStatus.RESOLVED}


def push(world: World, row: Objective, *rows: tuple[dt.datetime, int, int], who: str = "bo") -> int:
    counts = [Count(*each) for each in rows]
    return actions.push_counts(actor=world.actor(who), objective_id=row.pk, counts=counts)


def slow(row: Objective) -> None:
    """Four days at twice the rate that the budget allows."""
    put_counts(row, *((5 * MINUTE * back, 998, 1000) for back in range(4 * 288)))


def test_a_slow_burn_is_of_low_urgency_and_worse_takes_its_place(world: World, drain: Drain) -> None:
    row = make_objective(world)
    slow(row)
    evaluated(row)
    drain()
    assert row.burning == "slow"
    assert list(Alert.objects.values_list("severity", "urgency", "status")) == [("warning", "low", "firing")]
    ObjectiveCount.objects.filter(at__gte=NOW - 7 * HOUR).update(good=900)
    evaluated(row)
    drain()
    assert row.burning == "fast"
    found = {alert.labels["burn"]: alert for alert in Alert.objects.all()}
    assert (found["slow"].status, found["fast"].status) == ("resolved", "firing")
    assert found["slow"].incident_id == found["fast"].incident_id


def test_without_paging_it_is_only_shown(world: World, drain: Drain) -> None:
    row = make_objective(world, pages=False)
    month(row, bad=100)
    evaluated(row)
    drain()
    assert (row.burning, Alert.objects.count()) == ("fast", 0)
    actions.save_objective(actor=world.actor("ada"), objective_id=row.pk, pages=True)
    drain()
    assert Alert.objects.get().status == "firing"
    actions.save_objective(actor=world.actor("ada"), objective_id=row.pk, pages=False)
    drain()
    assert Alert.objects.get().status == "resolved"


def test_switched_off_it_rests_and_on_it_is_measured_at_once(world: World, drain: Drain) -> None:
    row, ada = make_objective(world), world.actor("ada")
    month(row, bad=100)
    evaluated(row)
    off = actions.switch_objective(actor=ada, objective_id=row.pk, on=False)
    drain()
    assert (off.burning, off.is_enabled, Alert.objects.get().status) == ("", False, "resolved")
    assert actions.evaluate() == 0
    with pytest.raises(Conflict):
        actions.switch_objective(actor=ada, objective_id=row.pk, on=False)
    assert actions.switch_objective(actor=ada, objective_id=row.pk, on=True).burning == "fast"


def test_deleted_its_alerts_stay(world: World, drain: Drain) -> None:
    row = make_objective(world)
    month(row, bad=100)
    evaluated(row)
    drain()
    actions.delete_objective(actor=world.actor("ada"), objective_id=row.pk)
    drain()
    assert (Alert.objects.get().status, Objective.objects.count()) == ("resolved", 0)
    assert not Integration.objects.get(pk=row.integration_id).is_active


def test_checks_are_measured_by_their_spans(world: World) -> None:
    """The budget of time is that of the whole window, however long there are checks."""
    put(make_check(world), ("up", 9 * DAY), ("down", 20 * MINUTE), ("up", DAY - 20 * MINUTE), now=NOW)
    row = evaluated(make_objective(world, source="checks", target=Decimal("99.9")))
    assert row.sli == pytest.approx(1 - 20 / (10 * 1440))
    assert row.budget_left == pytest.approx(1 - 20 / 43.2)
    assert row.rates["86400"] == pytest.approx(20 / 1440 / 0.001)
    assert row.burning == ""


def test_heartbeats_are_measured_by_their_spans(world: World) -> None:
    """Bad is the time from when the sign was due; what was paused or never came counts for nothing."""
    with time_machine.travel(NOW - 10 * DAY, tick=False) as at:
        beat, key = make_beat(world, interval_seconds=3600, grace_seconds=0)
        at.shift(DAY)
        assert ping(key=key)
        at.shift(HOUR + 3 * MINUTE)
        assert mark_late() == 1
        at.shift(7 * MINUTE)
        assert ping(key=key)
        pause_heartbeat(actor=world.actor("ada"), heartbeat_id=beat.pk)
        at.shift(3 * DAY)
        resume_heartbeat(actor=world.actor("ada"), heartbeat_id=beat.pk)
        assert ping(key=key)
        Heartbeat.objects.update(due_at=NOW + DAY)
    spans = list(HeartbeatSpan.objects.order_by("since", "pk").values_list("status", "since", "until"))
    first = NOW - 9 * DAY
    back = first + HOUR + 10 * MINUTE
    assert spans == [
        ("waiting", NOW - 10 * DAY, first),
        ("healthy", first, first + HOUR),
        ("late", first + HOUR, back),
        ("healthy", back, back),
        ("paused", back, back + 3 * DAY),
        ("healthy", back + 3 * DAY, None),
    ]
    row = evaluated(make_objective(world, source="heartbeats", target=Decimal("99.9")))
    good, bad = HOUR + 6 * DAY - HOUR - 10 * MINUTE, 10 * MINUTE
    assert row.sli == pytest.approx(good / (good + bad))
    assert row.budget_left == pytest.approx(1 - bad / (30 * DAY) / 0.001)
    assert (row.rates["3600"], row.burning) == (0, "")
    other = make_service(world.team, "other")
    assert evaluated(make_objective(world, name="Else", source="heartbeats", service_id=other.pk)).sli is None


def test_two_checks_share_the_budget_and_what_is_unknown_counts_for_nothing(world: World) -> None:
    put(make_check(world), ("up", 40 * DAY), ("unknown", HOUR), ("paused", HOUR), now=NOW)
    put(make_check(world, name="Other"), ("up", 40 * DAY), ("down", HOUR), ("up", HOUR), now=NOW)
    row = evaluated(make_objective(world, source="checks", target=Decimal("99")))
    assert row.budget_left == pytest.approx(1 - 1 / (2 * 7.2), abs=1e-4)
    assert row.sli == pytest.approx(1 - 1 / (2 * 720 - 2))
    assert row.rates["300"] == 0


@pytest.mark.parametrize("repeat", ["none", "daily"])
def test_maintenance_is_not_counted(world: World, repeat: str, clock: Any) -> None:
    first = NOW - 2 * HOUR - (DAY if repeat == "daily" else 0 * DAY)
    clock.move_to(first)
    add_window(
        actor=world.actor("ada"),
        service_id=world.service.pk,
        reason="Moving",
        starts_at=first,
        ends_at=first + HOUR,
        repeat=repeat,
        repeats_until=NOW + 5 * DAY if repeat == "daily" else None,
    )
    clock.move_to(NOW)
    put(make_check(world), ("up", 40 * DAY), ("down", 75 * MINUTE), ("up", 45 * MINUTE), now=NOW)
    row = evaluated(make_objective(world, source="checks"))
    assert row.budget_left == pytest.approx(1 - 15 / 43.2)
    counted = make_objective(world, name="Counted")
    put_counts(counted, (100 * MINUTE, 0, 1000), (50 * MINUTE, 999, 1000), (49 * MINUTE + DAY, 1000, 1000))
    assert evaluated(counted).sli == pytest.approx(1999 / 2000)


def test_counts_that_come_a_little_late_stand_for_now(world: World, clock: Any) -> None:
    row = make_objective(world)
    month(row, bad=100)
    clock.shift(20 * MINUTE)
    assert evaluated(row).burning == "fast"
    clock.shift(30 * MINUTE)
    # The six hours still say so, and the last half an hour says nothing.
    assert (evaluated(row).burning, row.rates["1800"]) == ("slow", None)


def test_the_window_of_a_calm_objective_is_summed_every_five_minutes(world: World, clock: Any) -> None:
    row = make_objective(world)
    month(row)
    turn = next(n for n in range(5) if (int(NOW.timestamp()) // 60 + n + row.pk) % 5 == 0)
    clock.shift(turn * MINUTE)
    assert evaluated(row).sli == 1
    ObjectiveCount.objects.filter(at__lt=NOW - 9 * DAY).update(good=900)
    seen = []
    for _minute in range(5):
        clock.shift(MINUTE)
        seen.append(evaluated(row).sli)
    assert seen == [1, 1, 1, 1, pytest.approx(0.99, abs=1e-3)]
    # Once it burns, every minute.
    ObjectiveCount.objects.update(good=900)
    clock.shift(MINUTE)
    assert (evaluated(row).burning, row.sli) == ("fast", seen[-1])
    clock.shift(MINUTE)
    assert evaluated(row).sli == pytest.approx(0.9)


def test_any_number_costs_the_same(world: World) -> None:
    counts = []
    for number in (1, 3):
        for each in range(Objective.objects.count() // 3, number):
            month(make_objective(world, name=f"C{each}"))
            service = make_service(world.team, f"s{each}")
            make_check(world, name=f"K{each}", service_id=service.pk)
            make_objective(world, name=f"K{each}", source="checks", service_id=service.pk)
            make_beat(world, name=f"B{each}", service_id=service.pk)
            make_objective(world, name=f"B{each}", source="heartbeats", service_id=service.pk)
        with CaptureQueriesContext(connection) as queries:
            actions.evaluate()
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 9


def test_a_push_replaces_its_five_minutes(world: World) -> None:
    row = make_objective(world)
    at = NOW - HOUR
    assert push(world, row, (at, 5, 10), (at + 10 * MINUTE, 1, 1)) == 2
    assert push(world, row, (at + 2 * MINUTE, 9, 10)) == 1
    found = ObjectiveCount.objects.order_by("at").values_list("at", "good", "total")
    start = NOW.replace(hour=11, minute=0)
    assert list(found) == [(start, 9, 10), (start + 10 * MINUTE, 1, 1)]
    with CaptureQueriesContext(connection) as queries:
        push(world, row, *((NOW - 5 * MINUTE * back, 1, 2) for back in range(1000)))
    assert sum("alerts_objectivecount" in each["sql"] for each in queries) == 1


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ([], "counts"),
        ([(NOW, 1, 1)] * 1001, "counts"),
        ([(NOW + 2 * MINUTE, 1, 1)], "counts.0.at"),
        ([(NOW, 1, 1), (NOW - 31 * DAY, 1, 1)], "counts.1.at"),
        ([(NOW, 2, 1)], "counts.0.good"),
        ([(NOW, -1, 1)], "counts.0.good"),
        ([(NOW, 1, 10**12 + 1)], "counts.0.total"),
        ([(NOW, 1, 1), (NOW + MINUTE, 1, 1)], "counts.1.at"),
    ],
)
def test_what_cannot_be_counted_is_named(world: World, rows: list[Any], named: str) -> None:
    row = make_objective(world)
    with pytest.raises(InvalidInput) as refused:
        push(world, row, *rows)
    assert list(refused.value.fields) == [named]
    assert not ObjectiveCount.objects.exists()


def test_who_pushes(world: World) -> None:
    row = make_objective(world)
    for who in ("sam", "zoe"):
        with pytest.raises(NotAllowed):
            push(world, row, (NOW, 1, 1), who=who)
    for who in ("ada", "bo", "root"):
        assert push(world, row, (NOW, 1, 1), who=who) == 1
    checked = make_objective(world, name="By checks", source="checks")
    with pytest.raises(Conflict):
        push(world, checked, (NOW, 1, 1))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("target", Decimal("100")),
        ("target", Decimal("50")),
        ("target", Decimal("99.99999")),
        ("target", None),
        ("window_days", 31),
        ("source", "guess"),
    ],
)
def test_what_is_wrong_is_named(world: World, field: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        make_objective(world, **{field: value})
    assert list(refused.value.fields) == [field]


def test_only_managers_change_it() -> None:
    world = make_world(visibility="members")
    row = make_objective(world, external_id="slo/orders")
    for field, name in (("name", "Orders"), ("external_id", "Other")):
        with pytest.raises(InvalidInput) as refused:
            make_objective(world, name=name, external_id="slo/orders")
        assert list(refused.value.fields) == [field]
    refused_by = {"bo": NotAllowed, "sam": NotVisible, "zoe": NotVisible}
    for who, error in refused_by.items():
        actor = world.actor(who)
        for call in (actions.save_objective, actions.delete_objective):
            with pytest.raises(error):
                call(actor=actor, objective_id=row.pk)
        with pytest.raises(error):
            actions.switch_objective(actor=actor, objective_id=row.pk, on=False)
    changed = actions.save_objective(actor=world.actor("root"), objective_id=row.pk, target=Decimal("99.95"))
    assert (changed.target, changed.name) == (Decimal("99.95"), "Orders")
    assert list(
        AuditEntry.objects.filter(object_type="objective").order_by("pk").values_list("verb", flat=True)
    ) == [
        "created",
        "changed",
    ]


def test_counts_are_kept_for_the_window_and_a_day(world: World) -> None:
    week, quarter = make_objective(world, window_days=7), make_objective(world, name="Q", window_days=90)
    for row in (week, quarter):
        put_counts(row, *((days * DAY, 1, 1) for days in (1, 7, 9, 89, 92)))
    gone = old_counts(NOW).values_list("objective__name", "at")
    assert sorted((name, round((NOW - at) / DAY)) for name, at in gone) == [
        ("Orders", 9),
        ("Orders", 89),
        ("Orders", 92),
        ("Q", 92),
    ]

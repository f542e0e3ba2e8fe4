"""Promised updates: clocks by severity, what people were told, reminders before and after."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from core import clock as product_clock
from incidents import actions
from incidents.models import Incident, TimelineEntry, UpdatePromise
from incidents.timers.communications import TIMERS
from notifications.models import Delivery
from tests.factories import make_user, signed_in
from tests.incidents.support import START, declare
from tests.world import make_world

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


def due(number: int) -> dict[str, float]:
    """Audience → minutes after START at which the next word is due."""
    rows = UpdatePromise.objects.filter(incident__number=number)
    return {row.audience: (row.due_at - START) / MINUTE for row in rows}


def tick() -> None:
    for timer in TIMERS:
        timer(product_clock.now())


def reminders() -> list[str]:
    rows = Delivery.objects.filter(source__startswith="promise:").order_by("pk").select_related("user")
    return [f"{row.user.name} {row.source.rpartition(':')[2]}" for row in rows if row.user]


@pytest.mark.parametrize(
    ("rank", "expected"),
    [
        (0, {"internal": 15, "executive": 30, "public": 5}),
        (1, {"internal": 30, "executive": 60, "public": 30}),
        (2, {"internal": 60}),
        (3, {}),
    ],
)
def test_setting_the_severity_starts_its_clocks(rank: int, expected: dict[str, float]) -> None:
    world = make_world()
    with time_machine.travel(START, tick=False):
        number = declare(world).number
        actions.set_severity(actor=world.actor("bo"), number=number, severity=rank)
    assert due(number) == expected
    incident = Incident.objects.get()
    first = min(expected.items(), key=lambda item: item[1], default=("", None))
    assert incident.next_update_audience == first[0]


@pytest.mark.parametrize("fields", [{"kind": "drill"}, {"visibility": "restricted"}])
def test_the_public_is_promised_nothing_about_what_it_never_hears(fields: dict[str, str]) -> None:
    world = make_world()
    with time_machine.travel(START, tick=False):
        number = declare(world, "root").number
        Incident.objects.update(**fields)
        actions.set_severity(actor=world.actor("root"), number=number, severity=0)
    assert due(number) == {"internal": 15, "executive": 30}


def test_a_backfilled_incident_promises_nothing() -> None:
    world = make_world()
    number = declare(world).number
    Incident.objects.update(kind="backfilled")
    actions.set_severity(actor=world.actor("bo"), number=number, severity=0)
    assert due(number) == {}


def test_raising_and_lowering_moves_clocks_nobody_was_told_of() -> None:
    world = make_world()
    bo = world.actor("bo")
    with time_machine.travel(START, tick=False) as clock:
        number = declare(world).number
        actions.set_severity(actor=bo, number=number, severity=1)
        clock.shift(5 * MINUTE)
        actions.set_severity(actor=bo, number=number, severity=0)
        assert due(number) == {"internal": 20, "executive": 35, "public": 10}
        actions.set_severity(actor=bo, number=number, severity=2)
        assert due(number) == {"internal": 65}
        actions.post_update(
            actor=bo, number=number, audience="internal", text="x", next_update_in_minutes=120
        )
        actions.set_severity(actor=bo, number=number, severity=3)
        assert due(number) == {"internal": 125}


def test_the_public_hears_the_scope_then_steadily_then_hourly() -> None:
    world = make_world()
    bo = world.actor("bo")
    with time_machine.travel(START, tick=False) as clock:
        number = declare(world).number
        actions.set_severity(actor=bo, number=number, severity=0)
        found = []
        for minutes in (4, 6, 90, 30):
            clock.shift(minutes * MINUTE)
            row = actions.post_update(actor=bo, number=number, audience="public", text="x")
            assert row.next_update_due_at is not None
            found.append((row.next_update_due_at - product_clock.now()) / MINUTE)
    assert found == [10, 20, 20, 60]


def test_promises_end_with_the_incident_and_start_again_when_it_reopens() -> None:
    world = make_world()
    ada = world.actor("ada")
    with time_machine.travel(START, tick=False) as clock:
        number = declare(world).number
        actions.set_severity(actor=ada, number=number, severity=1)
        clock.shift(20 * MINUTE)
        actions.resolve(actor=ada, number=number, override_reason="Over")
        assert due(number) == {}
        assert Incident.objects.get().next_update_due_at is None
        clock.shift(30 * MINUTE)
        tick()
        actions.post_update(actor=ada, number=number, audience="public", text="Over")
        assert due(number) == {}
        actions.reopen(actor=ada, number=number, reason="Back again")
        assert due(number) == {"internal": 80, "executive": 110, "public": 80}
        assert Incident.objects.get().next_update_due_at == START + 80 * MINUTE


def test_a_reminder_before_and_two_words_after_each_exactly_once(drain: Any) -> None:
    world = make_world()
    bo = world.actor("bo")
    with time_machine.travel(START, tick=False) as clock:
        number = declare(world, "bo").number
        actions.assign_role(actor=bo, number=number, role="communications", user_id=world.sam.pk)
        actions.set_severity(actor=bo, number=number, severity=3)
        actions.post_update(actor=bo, number=number, audience="internal", text="x", next_update_in_minutes=30)
        seen = []
        for minute in range(1, 61):
            clock.shift(MINUTE)
            before = len(reminders())
            tick()
            tick()
            if len(reminders()) > before:
                seen.append(minute)
    assert seen == [25, 30, 40]
    assert reminders() == ["Sam soon", "Sam late", "Sam again"]
    missed = TimelineEntry.objects.get(kind="promise_missed")
    assert (missed.data["audience"], missed.author) == ("internal", None)


def test_a_short_promise_is_reminded_of_in_its_last_quarter() -> None:
    world = make_world()
    bo = world.actor("bo")
    with time_machine.travel(START, tick=False) as clock:
        number = declare(world, "bo").number
        actions.acknowledge(actor=bo, number=number)
        actions.post_update(actor=bo, number=number, audience="internal", text="x", next_update_in_minutes=8)
        clock.shift(5.5 * MINUTE)
        tick()
        assert reminders() == []
        clock.shift(0.5 * MINUTE)
        tick()
        assert reminders() == ["Bo soon"]


def test_a_kept_promise_reminds_nobody_and_a_new_one_anew() -> None:
    world = make_world()
    bo = world.actor("bo")
    with time_machine.travel(START, tick=False) as clock:
        number = declare(world, "bo").number
        actions.post_update(actor=bo, number=number, audience="internal", text="x", next_update_in_minutes=30)
        clock.shift(26 * MINUTE)
        tick()
        actions.no_change(actor=bo, number=number, audience="internal")
        clock.shift(10 * MINUTE)
        tick()
        assert reminders() == ["Bo soon"]
        clock.shift(16 * MINUTE)
        tick()
        assert reminders() == ["Bo soon", "Bo soon"]
        assert not TimelineEntry.objects.filter(kind="promise_missed").exists()


def test_after_a_long_standstill_it_is_said_once() -> None:
    world = make_world()
    bo = world.actor("bo")
    with time_machine.travel(START, tick=False) as clock:
        number = declare(world, "bo").number
        actions.post_update(actor=bo, number=number, audience="internal", text="x", next_update_in_minutes=10)
        clock.shift(90 * MINUTE)
        tick()
        tick()
    assert reminders() == ["Bo late"]


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        (("communications", "commander", "acknowledged"), "communications"),
        (("commander", "acknowledged"), "commander"),
        (("acknowledged",), "acknowledged"),
        ((), "Bo"),
    ],
)
def test_whom_it_reminds(roles: tuple[str, ...], expected: str) -> None:
    world = make_world()
    bo = world.actor("bo")
    with time_machine.travel(START, tick=False) as clock:
        number = declare(world, "root").number
        people = {name: make_user(name) for name in roles}
        for name, user in people.items():
            if name == "acknowledged":
                Incident.objects.update(acknowledged_by=user)
            else:
                actions.assign_role(actor=bo, number=number, role=name, user_id=user.pk)
        actions.post_update(actor=bo, number=number, audience="internal", text="x", next_update_in_minutes=4)
        clock.shift(3 * MINUTE)
        tick()
    assert reminders() == [f"{expected} soon"]


def test_the_page_shows_each_promise_with_its_buttons() -> None:
    world = make_world()
    bo = world.actor("bo")
    number = declare(world).number
    actions.set_severity(actor=bo, number=number, severity=0)
    actions.post_update(actor=bo, number=number, audience="internal", text="First words")
    text = signed_in(world.bo).get(f"/incidents/{number}/fragment/communications/").content.decode()
    assert "First words" in text
    assert text.count("wb-countdown") >= 3
    assert f'action="/incidents/{number}/no-change/"' in text
    reader = signed_in(world.zoe).get(f"/incidents/{number}/fragment/communications/").content.decode()
    assert "First words" in reader
    assert "no-change" not in reader

"""Friendly reminders of what is missing: to the right person, at a fit hour, not too often."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from core import clock
from incidents import actions
from incidents.models import Incident
from incidents.timers.nags import nag
from notifications.models import Delivery
from tests.incidents.support import declare
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
# A Wednesday, 10 o'clock.
START = dt.datetime(2026, 11, 18, 10, 0, tzinfo=dt.UTC)
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


def told() -> list[tuple[str, str]]:
    """(first name, title) of every reminder, in order."""
    rows = Delivery.objects.filter(key__startswith="nag/").order_by("pk").select_related("user")
    return [(row.user.name, row.title) for row in rows if row.user]


def test_the_severity_is_asked_for_soon_and_three_times_at_most() -> None:
    world = make_world()
    with time_machine.travel(START, tick=False) as time:
        number = declare(world, who="bo", impact="All").number
        nag(clock.now())
        time.shift(9 * MINUTE)
        nag(clock.now())
        assert told() == []
        time.shift(MINUTE)
        nag(clock.now())
        nag(clock.now())
        assert told() == [("Bo", f"#{number}: How grave is it?")]
        for _hour in range(5):
            time.shift(HOUR)
            nag(clock.now())
    assert len(told()) == 3


def test_the_commander_is_asked_for_within_the_limit_of_the_level() -> None:
    world = make_world()
    with time_machine.travel(START, tick=False) as time:
        number = declare(world, who="bo", impact="All", severity=0).number
        time.shift(5 * MINUTE)
        nag(clock.now())
        assert told() == [("Bo", f"#{number}: Nobody is in command")]
        actions.assign_role(actor=world.actor("bo"), number=number, role="commander", user_id=world.ada.pk)
        time.shift(2 * HOUR)
        nag(clock.now())
        assert told() == [("Bo", f"#{number}: Nobody is in command")]
        light = declare(world, who="bo", impact="All", severity=3)
        time.shift(2 * HOUR)
        nag(clock.now())
    assert not light.nags.exists()


def test_the_commander_is_the_one_asked_once_there_is_one() -> None:
    world = make_world()
    with time_machine.travel(START, tick=False) as time:
        number = declare(world, who="bo", severity=1).number
        actions.assign_role(actor=world.actor("bo"), number=number, role="commander", user_id=world.ada.pk)
        time.shift(HOUR)
        nag(clock.now())
    assert told() == [("Ada", f"#{number}: Who feels it?")]


def resolved_at_night(world: World) -> Incident:
    incident = declare(world, who="bo", severity=3, impact="All")
    return actions.resolve(actor=world.actor("ada"), number=incident.number, override_reason="Done")


def test_afterwards_only_in_the_owner_s_daytime() -> None:
    """Resolved on a Friday evening in Tokyo: asked on Monday morning there, which is Monday 00:00 UTC."""
    world = make_world()
    world.bo.time_zone = "Asia/Tokyo"
    world.bo.save()
    friday = dt.datetime(2026, 11, 20, 9, 0, tzinfo=dt.UTC)
    with time_machine.travel(friday, tick=False) as time:
        number = resolved_at_night(world).number
        asked_at = []
        while clock.now() < friday + 4 * DAY and not asked_at:
            time.shift(30 * MINUTE)
            if nag(clock.now()):
                asked_at.append(clock.now())
    assert asked_at == [dt.datetime(2026, 11, 23, 0, 0, tzinfo=dt.UTC)]
    assert told() == [("Bo", f"#{number}: When did it begin?")]


def test_the_review_and_the_close_are_asked_for() -> None:
    world = make_world()
    with time_machine.travel(START, tick=False) as time:
        grave = declare(world, severity=0, impact="All", impact_started_at=START - HOUR).number
        light = declare(world, severity=3, impact="All", impact_started_at=START - HOUR).number
        for number in (grave, light):
            actions.resolve(actor=world.actor("ada"), number=number, override_reason="Done")
        time.shift(24 * HOUR)
        nag(clock.now())
        assert told() == [("Ada", f"#{grave}: The review is due")]
        time.shift(5 * DAY)
        nag(clock.now())
    assert set(told()) == {("Ada", f"#{grave}: The review is due"), ("Ada", f"#{light}: Can it be closed?")}


@pytest.mark.parametrize("quiet", ["drill", "hold", "declined"])
def test_nobody_is_asked_about_what_waits_or_is_none(quiet: str) -> None:
    world = make_world()
    with time_machine.travel(START, tick=False) as time:
        number = declare(world, kind="drill" if quiet == "drill" else "real").number
        if quiet == "hold":
            actions.hold(actor=world.actor("bo"), number=number, until=START + 9 * DAY, reason="Vendor")
        if quiet == "declined":
            actions.set_status(actor=world.actor("bo"), number=number, status="declined", reason="Noise")
        time.shift(5 * DAY)
        nag(clock.now())
    assert told() == []


def test_a_manager_is_asked_when_nobody_else_is_left() -> None:
    world = make_world()
    with time_machine.travel(START, tick=False) as time:
        number = declare(world, who="bo").number
        world.bo.is_active = False
        world.bo.save()
        time.shift(HOUR)
        nag(clock.now())
    assert told()[0] == ("Ada", f"#{number}: How grave is it?")


def test_nobody_hears_of_a_restricted_one_who_may_not_see_it() -> None:
    world = make_world()
    with time_machine.travel(START, tick=False) as time:
        number = declare(world, who="bo", type_key="security").number
        world.bo.is_active = False
        world.bo.save()
        time.shift(HOUR)
        assert nag(clock.now()) == 0
        actions.set_visibility(actor=world.actor("root"), number=number, visibility="open")
        assert nag(clock.now()) == 1
    assert [name for name, _title in told()] == ["Ada"]

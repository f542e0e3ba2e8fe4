"""Row 20: a step that reaches nobody is left at once, in public, and the pages of the policy warn before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
import time_machine

from core import clock, relay
from incidents.actions import declare_incident
from incidents.models import Incident
from notifications.models import ContactMethod
from oncall.escalation import engine
from oncall.models import EscalationPolicy, EscalationRun, Override, PolicyStep, PolicyTarget, RunPage
from teams.models import User
from tests.factories import make_membership, make_user, signed_in
from tests.oncall.support import START, make_rotation, make_schedule
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def world() -> Iterator[World]:
    with time_machine.travel(START, tick=False):
        yield make_world()


def silent(world: World, **state: object) -> User:
    """Somebody whose every method is in this state."""
    user = make_user("Cy")
    make_membership(user, world.team)
    for channel, address in (("email", user.email), ("browser", "")):
        ContactMethod.objects.create(user=user, channel=channel, address=address, **state)
    return user


def empty_schedule(world: World) -> dict[str, object]:
    return {"type": "schedule", "schedule": make_schedule(world.team, "Nights")}


def all_removed(world: World) -> dict[str, object]:
    schedule = make_schedule(world.team, "Nights")
    make_rotation(schedule, [[world.ada.pk]])
    Override.objects.create(
        schedule=schedule,
        kind="remove",
        replaces=world.ada,
        starts_at=START - HOUR,
        ends_at=START + 99 * HOUR,
    )
    return {"type": "schedule", "schedule": schedule}


def no_method(world: World) -> dict[str, object]:
    return {"type": "user", "user": silent(world, verified_at=None)}


def disabled_method(world: World) -> dict[str, object]:
    return {"type": "user", "user": silent(world, verified_at=clock.now(), disabled_at=clock.now())}


CAUSES: dict[str, tuple[Callable[[World], dict[str, object]], str]] = {
    "an empty schedule": (empty_schedule, "nobody is on call in Nights"),
    "all removed by an override": (all_removed, "nobody is on call in Nights"),
    "no proven method": (no_method, "Cy has no usable contact method"),
    "every method switched off": (disabled_method, "Cy has no usable contact method"),
}


def policy_of(world: World, *targets: dict[str, object]) -> EscalationPolicy:
    policy = EscalationPolicy.objects.create(team=world.team, name="Nobody first", repeat=1)
    for position, target in enumerate(targets):
        step = PolicyStep.objects.create(policy=policy, position=position, delay_minutes=30)
        PolicyTarget.objects.create(step=step, **target)
    world.service.escalation_policy = policy
    world.service.save()
    return policy


def declare(world: World) -> Incident:
    incident = declare_incident(
        actor=world.actor("sam"), title="Slow", service_ids=[world.service.pk], now=START
    )
    relay.drain()
    assert engine.tick(by="test") == 1
    relay.drain()
    return incident


def reached() -> list[str]:
    return list(RunPage.objects.filter(reached=True).order_by("pk").values_list("user__name", flat=True))


@pytest.mark.parametrize("name", CAUSES)
def test_row_20_the_next_step_is_paged_at_once_and_the_timeline_says_why(world: World, name: str) -> None:
    cause, reason = CAUSES[name]
    policy = policy_of(world, cause(world), {"type": "user", "user": world.bo})
    incident = declare(world)
    assert reached() == ["Bo"]
    assert EscalationRun.objects.get().next_at == START + HOUR / 2
    failed = incident.timeline.filter(kind="page_failed")
    assert [row.data for row in failed] == [{"sentence": f"Step 1 skipped: {reason}", "step": 1}]
    page = signed_in(world.ada).get(f"/oncall/policies/{policy.pk}/").content.decode()
    assert reason in page


@pytest.mark.parametrize("name", CAUSES)
def test_row_20_with_nobody_in_any_step_the_last_resort_is_paged_at_once(world: World, name: str) -> None:
    cause, _reason = CAUSES[name]
    policy = policy_of(world, cause(world))
    incident = declare(world)
    assert reached() == ["Ada"]
    run = EscalationRun.objects.get()
    assert (run.status, run.ended_at, run.reached) == ("exhausted", START, True)
    (sent,) = incident.timeline.filter(kind="page_sent")
    assert (sent.data["people"], sent.data["last_resort"]) == (["Ada"], True)
    page = signed_in(world.ada).get(f"/oncall/policies/{policy.pk}/").content.decode()
    assert "Right now this policy reaches nobody" in page

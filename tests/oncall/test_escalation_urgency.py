"""What becomes urgent, whose hour it is, and when an acknowledge expires: nobody is forgotten, nobody woken early."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from incidents import actions
from incidents.actions.alerts import Attachment, alerts_attached
from incidents.choices import Visibility
from incidents.models import Incident
from notifications.models import Delivery, WebhookSubscription
from oncall.actions import runs
from oncall.actions.policies import StepInput, TargetInput
from oncall.actions.runs import decline_pages, set_run_severity, stop_escalation
from oncall.escalation import engine
from oncall.models import EscalationPolicy, EscalationRun
from teams.models import User
from tests.factories import make_user
from tests.oncall.support import START, make_rotation, make_schedule
from tests.oncall.test_escalation_rules import HOUR, MINUTE, paged, policy_of, start, user
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
LATER = START + 2 * HOUR


def holding(world: World) -> EscalationPolicy:
    """Low urgency waits until Ada's shift begins at 14:00; until then the last resort is Ada as manager."""
    schedule = make_schedule(world.team)
    make_rotation(schedule, [[world.ada.pk]], restrictions=[{"from": "14:00", "to": "18:00"}])
    return policy_of(world, StepInput(5, [TargetInput("schedule", schedule.pk)]), hold_low=True)


def held(world: World) -> Incident:
    policy = holding(world)
    world.service.escalation_policy = policy
    world.service.save()
    incident = actions.declare_incident(
        actor=world.actor("bo"),
        title="Slow reports",
        service_ids=[world.service.pk],
        urgency="low",
        page=True,
    )
    engine.tick()
    assert EscalationRun.objects.get().held_until == LATER
    return incident


def acknowledge(subject: str = "test:1", *, now: dt.datetime, **options: Any) -> None:
    stop_escalation(
        subject_key=subject, status="acknowledged", user_id=None, reason="acknowledged", now=now, **options
    )


def test_asking_for_a_page_ends_the_wait_for_a_shift() -> None:
    world = make_world()
    policy = holding(world)
    with time_machine.travel(START, tick=False):
        run = start(policy, urgency="low")
        engine.tick()
        assert paged() == []
        assert start(policy, urgency="low").pk == run.pk
        assert engine.tick() == 0
        assert start(policy).pk == run.pk
        engine.tick()
    run.refresh_from_db()
    assert (paged(), run.urgency, run.held_until) == (["Ada"], "high", None)


@pytest.mark.parametrize(("severity", "expected"), [(0, ["Ada"]), (1, ["Ada"]), (2, [])])
def test_a_grave_severity_ends_the_wait(severity: int, expected: list[str]) -> None:
    world = make_world()
    with time_machine.travel(START, tick=False):
        incident = held(world)
        actions.set_severity(actor=world.actor("bo"), number=incident.number, severity=severity)
        engine.tick()
    incident.refresh_from_db()
    assert paged(incident.subject_key) == expected
    assert incident.urgency == ("high" if expected else "low")


@pytest.mark.parametrize(("urgent", "expected"), [(True, ["Ada"]), (False, [])])
def test_an_urgent_alert_that_joins_ends_the_wait(urgent: bool, expected: list[str]) -> None:
    world = make_world()
    with time_machine.travel(START, tick=False):
        incident = held(world)
        incident.refresh_from_db()
        alerts_attached([Attachment(incident, [], firing=1, total=1, urgent=urgent)], now=START)
        engine.tick()
    assert paged(incident.subject_key) == expected


@pytest.mark.parametrize("pick", ["fair", "round_robin"])
def test_one_of_several_is_chosen_among_those_whose_hour_suits(pick: str) -> None:
    """Ada would be first by load and by turn, and sleeps; Bo is awake."""
    world = make_world()
    User.objects.filter(pk=world.ada.pk).update(time_zone="Asia/Tokyo")  # 02:00 of Saturday
    User.objects.filter(pk=world.bo.pk).update(time_zone="America/New_York")  # 12:00 of Friday
    policy = policy_of(world, StepInput(5, [user(world.ada), user(world.bo)], hours="awake", pick=pick))
    asleep = policy_of(world, StepInput(5, [user(world.ada)], hours="awake", pick=pick), name="Asleep")
    with time_machine.travel(START + 5 * HOUR, tick=False):
        start(policy)
        start(asleep, "test:2")
        engine.tick()
    assert (paged(), paged("test:2")) == (["Bo"], ["Ada"])  # the last resort, as the only step is passed


def test_a_snooze_is_no_acknowledge_that_expires() -> None:
    world = make_world()
    policy = policy_of(world, StepInput(5, [user(world.ada)]), acknowledge_timeout_minutes=30)
    world.service.escalation_policy = policy
    world.service.save()
    with time_machine.travel(START, tick=False) as clock:
        incident = actions.declare_incident(
            actor=world.actor("sam"), title="Slow", service_ids=[world.service.pk]
        )
        engine.tick()
        actions.acknowledge(actor=world.actor("ada"), number=incident.number)
        assert EscalationRun.objects.get().rearm_at == START + 30 * MINUTE
        actions.snooze(actor=world.actor("ada"), number=incident.number, minutes=480)
        clock.shift(HOUR)
        assert engine.tick() == 0
    assert paged(incident.subject_key) == ["Ada"]


def test_what_pages_again_knows_the_severity_of_now() -> None:
    world = make_world()
    grave = StepInput(5, [user(world.bo)], severities=[0, 1])
    policy = policy_of(world, StepInput(5, [user(world.ada)]), grave, acknowledge_timeout_minutes=30)
    with time_machine.travel(START, tick=False) as clock:
        start(policy, severity=3)
        engine.tick()
        acknowledge(now=START)
        assert set_run_severity(subject_key="test:1", severity=0) == 1
        for minutes in (30, 5):
            clock.shift(minutes * MINUTE)
            engine.tick()
    assert paged() == ["Ada", "Ada", "Bo"]


def test_a_later_acknowledge_begins_the_time_anew() -> None:
    """Also when what was acknowledged is a page by hand, which has no time of its own."""
    world = make_world()
    policy = policy_of(world, StepInput(5, [user(world.ada)]), acknowledge_timeout_minutes=60)
    with time_machine.travel(START, tick=False) as clock:
        first = start(policy)
        engine.tick()
        acknowledge(now=START)
        clock.shift(55 * MINUTE)
        runs.start_escalation(
            subject_key="test:1",
            title="x",
            body="",
            url_path="/",
            urgency="high",
            policy_id=None,
            team_id=None,
            user_ids=[world.bo.pk],
            now=dt.datetime.now(dt.UTC),
        )
        engine.tick()
        acknowledge(now=START + 55 * MINUTE)
        first.refresh_from_db()
        assert first.rearm_at == START + 115 * MINUTE
        start(policy)
        acknowledge(now=START + 56 * MINUTE)
    waiting = EscalationRun.objects.filter(rearm_at__isnull=False)
    assert list(waiting.values_list("rearm_at", flat=True)) == [START + 116 * MINUTE]


def test_one_that_cannot_page_again_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    policy = policy_of(world, StepInput(5, [user(world.ada)]), acknowledge_timeout_minutes=30)
    with time_machine.travel(START, tick=False) as clock:
        broken = start(policy)
        engine.tick()
        acknowledge(now=START)
        clock.shift(30 * MINUTE)
        start(policy, "test:2")
        monkeypatch.setattr(runs, "start_escalation", lambda **_run: 1 / 0)
        engine.tick()
    broken.refresh_from_db()
    assert (paged("test:2"), broken.rearm_at) == (["Ada"], START + 30 * MINUTE + dt.timedelta(seconds=30))


def test_declining_waits_for_nobody_of_an_earlier_step() -> None:
    world = make_world()
    cy = make_user("Cy")
    steps = [StepInput(5, [user(world.ada)]), StepInput(30, [user(world.bo)]), StepInput(5, [user(cy)])]
    with time_machine.travel(START, tick=False) as clock:
        start(policy_of(world, *steps))
        engine.tick()
        clock.shift(5 * MINUTE)
        engine.tick()
        assert decline_pages(subject_key="test:1", user_id=world.bo.pk, now=START + 5 * MINUTE) is True
        engine.tick()
    assert paged() == ["Ada", "Bo", "Cy"]


@pytest.mark.parametrize(("visibility", "title"), [("restricted", ""), ("open", "#{} Break-in")])
def test_a_restricted_incident_goes_outside_without_its_words(visibility: str, title: str) -> None:
    world = make_world()
    hook = WebhookSubscription.objects.create(
        team=world.team, name="Gateway", url="https://x.example/", secret="s"
    )
    world.service.escalation_policy = policy_of(world, StepInput(5, [TargetInput("webhook", hook.pk)]))
    world.service.save()
    with time_machine.travel(START, tick=False):
        incident = actions.declare_incident(
            actor=world.actor("ada"), title="Break-in", service_ids=[world.service.pk], impact="Data read"
        )
        Incident.objects.filter(pk=incident.pk).update(visibility=Visibility(visibility))
        engine.tick()
    data = Delivery.objects.get(subscription=hook).payload["data"]
    assert (data["subject"], data["title"]) == (incident.subject_key, title.format(incident.number))
    assert bool(data["body"]) is bool(title)

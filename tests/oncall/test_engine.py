"""The escalation engine on a real database: on time, once, and never after an acknowledge."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import pytest
import time_machine
from django.db import connection

from core import clock as core_clock
from core.models import OutboxEvent
from notifications.models import Delivery
from oncall.actions.runs import start_escalation, stop_escalation
from oncall.escalation import engine
from oncall.models import EngineHeartbeat, EscalationPolicy, EscalationRun, PolicyStep, PolicyTarget, RunPage
from teams.models import Team, User
from tests.factories import make_user
from tests.oncall.support import START, make_rotation, make_schedule
from tests.world import make_policy, make_world

pytestmark = pytest.mark.django_db
MINUTE, SECOND = dt.timedelta(minutes=1), dt.timedelta(seconds=1)
SUBJECT = "test:1"


def start(team: Team | None, policy: EscalationPolicy | None, subject: str = SUBJECT) -> EscalationRun:
    return start_escalation(
        subject_key=subject,
        title="Checkout is down",
        body="",
        url_path="/x/",
        urgency="high",
        policy_id=policy.pk if policy else None,
        team_id=team.pk if team else None,
        now=core_clock.now(),
    )


def add_target(policy: EscalationPolicy, position: int, **target: object) -> None:
    step, _new = PolicyStep.objects.get_or_create(
        policy=policy, position=position, defaults={"delay_minutes": 5}
    )
    PolicyTarget.objects.create(step=step, **target)


def pages(subject: str = SUBJECT) -> list[tuple[int, int, str | None, bool]]:
    """(round, step, who, reached) in the order written."""
    rows = RunPage.objects.filter(run__subject_key=subject).order_by("pk")
    return list(rows.values_list("round", "step", "user__name", "reached"))


def facts(subject: str = SUBJECT) -> list[tuple[str, dict[str, object]]]:
    rows = OutboxEvent.objects.filter(stream=subject).order_by("pk")
    return [(row.kind.removeprefix("oncall."), row.payload) for row in rows]


def test_a_step_fires_to_the_second() -> None:
    world = make_world()
    with time_machine.travel(START, tick=False) as clock:
        run = start(world.team, world.policy)
        assert engine.tick() == 1
        assert pages() == [(0, 0, "Ada", True)]
        clock.shift(5 * MINUTE - SECOND)
        assert engine.tick() == 0
        clock.shift(SECOND)
        assert engine.tick() == 1
        assert pages() == [(0, 0, "Ada", True), (0, 1, "Bo", True)]
        run.refresh_from_db()
        assert (run.round, run.step, run.next_at) == (1, 0, START + 10 * MINUTE)
        clock.shift(5 * MINUTE - SECOND)
        assert engine.tick() == 0
        clock.shift(SECOND)
        assert engine.tick() == 1
        run.refresh_from_db()
        assert (run.status, run.next_at, run.ended_at, run.reached) == (
            "exhausted",
            None,
            START + 10 * MINUTE,
            True,
        )
        assert [kind for kind, _ in facts()] == ["pages_sent", "pages_sent", "exhausted"]
        assert facts()[-1][1]["reached"] is True
        clock.shift(60 * MINUTE)
        assert engine.tick() == 0


def test_a_late_engine_does_not_compress_the_waits() -> None:
    world = make_world()
    with time_machine.travel(START, tick=False) as clock:
        start(world.team, world.policy)
        clock.shift(7 * MINUTE)
        assert engine.tick() == 1
        assert engine.tick() == 0
        clock.shift(5 * MINUTE - SECOND)
        assert engine.tick() == 0
        clock.shift(SECOND)
        assert engine.tick() == 1
        assert [row[2] for row in pages()] == ["Ada", "Bo"]


def test_rounds_repeat() -> None:
    world = make_world()
    policy = make_policy(world.team, (1, [world.ada]), name="Twice", repeat=1)
    with time_machine.travel(START, tick=False) as clock:
        start(world.team, policy)
        fired = []
        for _minute in range(5):
            fired.append(engine.tick())
            clock.shift(MINUTE)
        assert fired == [1, 1, 1, 0, 0]
        assert pages() == [(0, 0, "Ada", True), (1, 0, "Ada", True)]


def test_an_empty_schedule_is_skipped_at_once() -> None:
    world = make_world()
    empty = make_schedule(world.team, "Nights")
    policy = make_policy(world.team, name="Gap")
    add_target(policy, 0, type="schedule", schedule=empty)
    add_target(policy, 1, type="user", user=world.bo)
    with time_machine.travel(START, tick=False):
        run = start(world.team, policy)
        assert engine.tick() == 1
        run.refresh_from_db()
        assert run.next_at == START + 5 * MINUTE
    assert pages() == [(0, 0, None, False), (0, 1, "Bo", True)]
    assert facts() == [
        (
            "step_skipped",
            {
                "subject_key": SUBJECT,
                "run_id": run.pk,
                "round": 0,
                "step": 0,
                "reason": "nobody is on call in Nights",
            },
        ),
        (
            "pages_sent",
            {
                "subject_key": SUBJECT,
                "run_id": run.pk,
                "round": 0,
                "step": 1,
                "policy_name": "Gap",
                "users": [[world.bo.pk, "Bo"]],
                "unreached": [],
                "backup": False,
                "webhooks": [],
            },
        ),
    ]


def test_whoever_is_on_call_at_the_moment_of_the_step_is_paged() -> None:
    world = make_world()
    schedule = make_schedule(world.team)
    make_rotation(schedule, [[world.ada.pk], [world.bo.pk]], unit="hour")
    policy = make_policy(world.team, name="On call", repeat=1)
    add_target(policy, 0, type="schedule", schedule=schedule)
    with time_machine.travel(START + 58 * MINUTE, tick=False) as clock:
        start(world.team, policy)
        engine.tick()
        clock.shift(5 * MINUTE)
        engine.tick()
    assert [row[2] for row in pages()] == ["Ada", "Bo"]


def test_a_deactivated_person_is_passed_over() -> None:
    world = make_world()
    User.objects.filter(pk=world.ada.pk).update(is_active=False)
    with time_machine.travel(START, tick=False):
        start(world.team, world.policy)
        engine.tick()
    assert pages() == [(0, 0, "Ada", False), (0, 1, "Bo", True)]
    assert facts()[0][1]["reason"] == "Ada is deactivated"


@pytest.mark.parametrize("steps", ["empty schedule", "no steps", "no policy"])
def test_the_last_resort_are_the_managers(steps: str) -> None:
    world = make_world()
    policy = None if steps == "no policy" else make_policy(world.team, name="Hollow", repeat=3)
    if policy is not None and steps == "empty schedule":
        add_target(policy, 0, type="schedule", schedule=make_schedule(world.team))
    with time_machine.travel(START, tick=False):
        run = start(world.team, policy)
        engine.tick()
    run.refresh_from_db()
    assert (run.status, run.reached) == ("exhausted", True)
    paged = [row for row in pages() if row[3]]
    assert [(row[2], row[3]) for row in paged] == [("Ada", True)]
    kinds = [kind for kind, _ in facts()]
    assert kinds == [*(["step_skipped"] if steps == "empty schedule" else []), "pages_sent", "exhausted"]
    assert facts()[-2][1]["step"] == -1


def test_without_managers_the_admins_and_without_those_nobody() -> None:
    world = make_world()
    with time_machine.travel(START, tick=False):
        start(None, None, "test:2")
        engine.tick()
        assert [row[2] for row in pages("test:2")] == ["Root"]
        User.objects.filter(pk=world.root.pk).update(is_active=False)
        run = start(None, None, "test:3")
        engine.tick()
    run.refresh_from_db()
    assert (run.status, run.reached) == ("exhausted", False)
    assert pages("test:3") == [(0, 999, None, False)]
    assert [(kind, payload.get("reached")) for kind, payload in facts("test:3")] == [
        ("pages_sent", None),
        ("exhausted", False),
    ]


def test_a_running_policy_is_not_started_again() -> None:
    world = make_world()
    with time_machine.travel(START, tick=False):
        assert start(world.team, world.policy) == start(world.team, world.policy)
        stop_escalation(subject_key=SUBJECT, status="stopped", user_id=None, reason="over", now=START)
        assert EscalationRun.objects.count() == 1
        start(world.team, world.policy)
        assert EscalationRun.objects.count() == 2


def test_a_running_escalation_keeps_the_policy_it_began_with() -> None:
    world = make_world()
    with time_machine.travel(START, tick=False) as clock:
        start(world.team, world.policy)
        engine.tick()
        world.policy.delete()
        clock.shift(5 * MINUTE)
        engine.tick()
    assert [row[2] for row in pages()] == ["Ada", "Bo"]


def test_a_poisoned_run_does_not_stop_the_others() -> None:
    world = make_world()
    with time_machine.travel(START, tick=False) as clock:
        broken = start(world.team, world.policy, "test:broken")
        EscalationRun.objects.filter(pk=broken.pk).update(snapshot={"version": 99})
        for number in range(3):
            start(world.team, world.policy, f"test:{number}")
        engine.tick()
        for number in range(3):
            assert pages(f"test:{number}") == [(0, 0, "Ada", True)]
        broken.refresh_from_db()
        assert (broken.status, broken.next_at) == ("active", START + 30 * SECOND)
        assert pages("test:broken") == []
        EscalationRun.objects.filter(pk=broken.pk).update(
            snapshot=EscalationRun.objects.exclude(pk=broken.pk).first().snapshot
        )
        clock.shift(30 * SECOND)
        engine.tick()
        assert pages("test:broken") == [(0, 0, "Ada", True)]


def test_a_clock_set_back_repeats_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    now = [START]
    monkeypatch.setattr(core_clock, "database_now", lambda: now[0])
    with time_machine.travel(START, tick=False):
        start(world.team, world.policy)
        engine.tick()
        now[0] = START + 5 * MINUTE
        engine.tick()
        assert [row[2] for row in pages()] == ["Ada", "Bo"]
        for back in (START + 5 * MINUTE, START + 4 * MINUTE, START):
            now[0] = back
            engine.tick(by="after")
        assert [row[2] for row in pages()] == ["Ada", "Bo"]
        beat = EngineHeartbeat.objects.get()
        assert (beat.ticked_at, beat.clock_fault_at, beat.ticked_by) == (
            START + 5 * MINUTE,
            START + 5 * MINUTE,
            "after",
        )
        run = EscalationRun.objects.get()
        assert (run.status, run.next_at) == ("active", START + 10 * MINUTE)


def together(*jobs: Callable[[], object]) -> list[object]:
    """Run the jobs at the same moment, each on a connection of its own; raises what one of them raised."""
    barrier, results, errors = threading.Barrier(len(jobs)), [None] * len(jobs), []

    def run(number: int, job: Callable[[], object]) -> None:
        try:
            barrier.wait(5)
            results[number] = job()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    if errors:
        raise errors[0]
    return results


@pytest.mark.concurrent
@pytest.mark.django_db(transaction=True)
def test_ticks_at_the_same_moment_fire_once() -> None:
    world = make_world()
    everybody = [make_user(f"P{number}") for number in range(3)]
    policy = make_policy(world.team, (5, everybody), name="Crowd")
    for number in range(20):
        start(world.team, policy, f"test:{number}")
    moved = together(*[engine.tick] * 4)
    assert sum(moved) == 20
    for number in range(20):
        assert sorted(row[2] for row in pages(f"test:{number}")) == ["P0", "P1", "P2"]
    assert OutboxEvent.objects.filter(kind="oncall.pages_sent").count() == 20


@pytest.mark.concurrent
@pytest.mark.django_db(transaction=True)
def test_no_page_leaves_after_the_acknowledge_has_committed() -> None:
    world = make_world()
    fired = 0
    for number in range(12):
        subject = f"test:{number}"
        start(world.team, world.policy, subject)

        def acknowledge(subject: str = subject) -> tuple[int, int]:
            stop_escalation(
                subject_key=subject, status="acknowledged", user_id=None, reason="done", now=core_clock.now()
            )
            waiting = Delivery.objects.filter(subject_key=subject, status__in=["pending", "sending"])
            return waiting.count(), RunPage.objects.filter(run__subject_key=subject).count()

        _moved, (waiting, written) = together(engine.tick, acknowledge)  # type: ignore[misc]
        assert waiting == 0
        fired += written
        EscalationRun.objects.filter(subject_key=subject, status="active").update(next_at=core_clock.now())
        engine.tick()
        assert RunPage.objects.filter(run__subject_key=subject).count() == written
        assert not Delivery.objects.filter(subject_key=subject, status__in=["pending", "sending"]).exists()
        assert EscalationRun.objects.get(subject_key=subject).status == "acknowledged"

"""What a step can ask for beyond "page these people": on a real database, through the engine."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from core.crypto import seal
from core.errors import InvalidInput
from core.models import OutboxEvent
from notifications.models import Delivery, WebhookSubscription
from oncall.actions.policies import StepInput, TargetInput, create_policy, update_policy
from oncall.actions.runs import decline_pages, set_run_severity, start_escalation, stop_escalation
from oncall.escalation import engine
from oncall.models import EscalationPolicy, EscalationRun, Leave, Override, PolicyStep, RunPage
from oncall.selectors import Case, policy_preview, policy_snapshot
from teams.models import User
from tests.factories import actor_of, make_user
from tests.oncall.support import START, make_rotation, make_schedule
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)


def user(person: User) -> TargetInput:
    return TargetInput("user", person.pk)


def policy_of(world: World, *steps: StepInput, name: str = "Own", **fields: object) -> EscalationPolicy:
    return create_policy(
        actor=actor_of(world.ada),
        team_id=world.team.pk,
        name=name,
        steps=list(steps),
        **fields,  # type: ignore[arg-type]  # the action's own keywords
    )


def start(
    policy: EscalationPolicy, subject: str = "test:1", *, urgency: str = "high", severity: int | None = None
) -> EscalationRun:
    return start_escalation(
        subject_key=subject,
        title="Checkout is down",
        body="",
        url_path="/x/",
        urgency=urgency,
        policy_id=policy.pk,
        team_id=policy.team_id,
        severity=severity,
        now=dt.datetime.now(dt.UTC),
    )


def paged(subject: str = "test:1") -> list[str]:
    rows = RunPage.objects.filter(run__subject_key=subject, reached=True).order_by("pk")
    return [name for name in rows.values_list("user__name", flat=True) if name]


def facts(kind: str, subject: str = "test:1") -> list[dict[str, object]]:
    rows = OutboxEvent.objects.filter(stream=subject, kind=f"oncall.{kind}").order_by("pk")
    return list(rows.values_list("payload", flat=True))


def test_round_robin_takes_the_next_target_with_each_escalation_and_each_round() -> None:
    world = make_world()
    cy = make_user("Cy")
    everybody = [user(world.ada), user(world.bo), user(cy)]
    policy = policy_of(world, StepInput(5, everybody, pick="round_robin"), repeat=1)
    with time_machine.travel(START, tick=False) as clock:
        for number in range(4):
            start(policy, f"test:{number}")
            engine.tick()
        assert [paged(f"test:{number}") for number in range(4)] == [["Ada"], ["Bo"], ["Cy"], ["Ada"]]
        clock.shift(5 * MINUTE)
        engine.tick()
    assert paged("test:0") == ["Ada", "Bo"]


def test_round_robin_passes_over_whom_nobody_can_reach() -> None:
    world = make_world()
    world.ada.is_active = False
    world.ada.save()
    row = EscalationPolicy.objects.create(team=world.team, name="Own")
    step = PolicyStep.objects.create(policy=row, position=0, pick="round_robin")
    for person in (world.ada, world.bo):
        step.targets.create(type="user", user=person)
    with time_machine.travel(START, tick=False):
        start(row)
        engine.tick()
    assert paged() == ["Bo"]


def test_one_of_several_rotas_fairly_takes_whoever_was_paged_least() -> None:
    world = make_world()
    cy = make_user("Cy")
    first, second = make_schedule(world.team, "East"), make_schedule(world.team, "West")
    make_rotation(first, [[world.ada.pk]])
    make_rotation(second, [[world.bo.pk, cy.pk]])
    targets = [TargetInput("schedule", first.pk), TargetInput("schedule", second.pk)]
    policy = policy_of(world, StepInput(5, targets, pick="fair"))
    with time_machine.travel(START, tick=False) as clock:
        for number in range(5):
            start(policy, f"test:{number}")
            engine.tick()
            clock.shift(MINUTE)
    assert [paged(f"test:{number}") for number in range(5)] == [["Ada"], ["Bo"], ["Cy"], ["Ada"], ["Bo"]]
    on_rota = dict(RunPage.objects.order_by("pk").values_list("user__name", "schedule_id"))
    assert on_rota == {"Ada": first.pk, "Bo": second.pk, "Cy": second.pk}


def test_pages_of_long_ago_do_not_count_against_anybody() -> None:
    world = make_world()
    policy = policy_of(world, StepInput(5, [user(world.ada), user(world.bo)], pick="fair"))
    with time_machine.travel(START, tick=False) as clock:
        start(policy, "test:0")
        engine.tick()
        clock.shift(dt.timedelta(days=29))
        start(policy, "test:1")
        engine.tick()
    assert (paged("test:0"), paged("test:1")) == (["Ada"], ["Ada"])


def test_a_schedule_can_mean_who_is_next_or_everybody() -> None:
    world = make_world()
    schedule = make_schedule(world.team)
    make_rotation(schedule, [[world.ada.pk], [world.bo.pk]])
    steps = [
        StepInput(5, [TargetInput("schedule", schedule.pk, serving)])
        for serving in ("current", "next", "everyone")
    ]
    policy = policy_of(world, *steps)
    with time_machine.travel(START, tick=False) as clock:  # 20 November is turn 4: Ada
        start(policy)
        for _step in steps:
            engine.tick()
            clock.shift(5 * MINUTE)
    assert paged() == ["Ada", "Bo", "Ada", "Bo"]


def test_steps_for_an_urgency_or_a_severity_only() -> None:
    world = make_world()
    policy = policy_of(
        world,
        StepInput(0, [user(world.ada)], urgency="high"),
        StepInput(5, [user(world.bo)], severities=[0, 1]),
    )
    with time_machine.travel(START, tick=False):
        start(policy, "low", urgency="low", severity=1)
        start(policy, "high", severity=3)
        for _each in range(4):
            engine.tick()
    assert (paged("low"), paged("high")) == (["Bo"], ["Ada"])
    assert facts("step_skipped", "low") + facts("step_skipped", "high") == []


def test_a_severity_set_later_counts_for_the_steps_to_come() -> None:
    world = make_world()
    policy = policy_of(world, StepInput(5, [user(world.ada)]), StepInput(5, [user(world.bo)], severities=[0]))
    with time_machine.travel(START, tick=False) as clock:
        start(policy)
        engine.tick()
        assert set_run_severity(subject_key="test:1", severity=3) == 1
        clock.shift(5 * MINUTE)
        engine.tick()
    assert paged() == ["Ada"]


@pytest.mark.parametrize(
    ("hours", "expected"),
    [("night", ["Ada"]), ("awake", ["Bo"]), ("work", ["Bo"]), ("any", ["Ada", "Bo"])],
)
def test_only_at_the_persons_own_time_of_day(hours: str, expected: list[str]) -> None:
    world = make_world()
    User.objects.filter(pk=world.ada.pk).update(time_zone="Asia/Tokyo")  # 02:00 of Saturday
    User.objects.filter(pk=world.bo.pk).update(time_zone="America/New_York")  # 12:00 of Friday
    policy = policy_of(world, StepInput(5, [user(world.ada), user(world.bo)], hours=hours))
    with time_machine.travel(START + 5 * HOUR, tick=False):
        start(policy)
        engine.tick()
    assert paged() == expected


def test_the_backup_is_paged_for_somebody_on_leave() -> None:
    world = make_world()
    policy = policy_of(world, StepInput(5, [user(world.ada)], backup=world.bo.pk))
    Leave.objects.create(user=world.ada, starts_at=START - HOUR, ends_at=START + HOUR)
    with time_machine.travel(START, tick=False) as clock:
        start(policy, "away")
        engine.tick()
        clock.shift(HOUR)
        start(policy, "back")
        engine.tick()
    assert (paged("away"), paged("back")) == (["Bo"], ["Ada"])


def test_the_backup_is_paged_after_a_silence_within_the_delay_of_the_step() -> None:
    world = make_world()
    cy = make_user("Cy")
    policy = policy_of(
        world,
        StepInput(10, [user(world.ada)], backup=world.bo.pk, backup_after_minutes=3),
        StepInput(5, [user(cy)]),
    )
    with time_machine.travel(START, tick=False) as clock:
        start(policy)
        for minutes in (3, 6, 1, 0):
            engine.tick()
            clock.shift(minutes * MINUTE)
        engine.tick()
    assert paged() == ["Ada", "Bo", "Cy"]
    told = [(fact["step"], fact["backup"]) for fact in facts("pages_sent")]
    assert told == [(0, False), (0, True), (1, False)]


def test_low_urgency_is_held_until_the_shift_begins() -> None:
    world = make_world()
    schedule = make_schedule(world.team)
    make_rotation(schedule, [[world.ada.pk]], restrictions=[{"from": "14:00", "to": "18:00"}])
    policy = policy_of(world, StepInput(5, [TargetInput("schedule", schedule.pk)]), hold_low=True)
    with time_machine.travel(START, tick=False) as clock:
        run = start(policy, urgency="low")
        start(policy, "urgent")
        engine.tick()
        assert (paged(), paged("urgent")) == ([], ["Ada"])  # the last resort: Ada manages the team
        run.refresh_from_db()
        assert run.held_until == START + 2 * HOUR
        for _each in range(12):
            clock.shift(10 * MINUTE)
            engine.tick()
        assert paged() == ["Ada"]
    assert [fact["until"] for fact in facts("pages_held")] == ["2026-11-20T14:00:00+00:00"]
    run.refresh_from_db()
    assert run.held_until is None


def test_a_held_page_goes_at_once_when_somebody_comes_on_duty_earlier() -> None:
    world = make_world()
    schedule = make_schedule(world.team)
    make_rotation(schedule, [[world.ada.pk]], restrictions=[{"from": "20:00", "to": "21:00"}])
    policy = policy_of(world, StepInput(5, [TargetInput("schedule", schedule.pk)]), hold_low=True)
    with time_machine.travel(START, tick=False) as clock:
        start(policy, urgency="low")
        engine.tick()
        Override.objects.create(schedule=schedule, user=world.bo, starts_at=START, ends_at=START + HOUR)
        clock.shift(10 * MINUTE)
        engine.tick()
    assert paged() == ["Bo"]


def test_an_acknowledge_expires_once_and_pages_again_from_the_first_step() -> None:
    world = make_world()
    policy = policy_of(world, StepInput(5, [user(world.ada)]), acknowledge_timeout_minutes=30)
    with time_machine.travel(START, tick=False) as clock:
        start(policy)
        engine.tick()
        stop_escalation(
            subject_key="test:1", status="acknowledged", user_id=world.ada.pk, reason="x", now=START
        )
        clock.shift(30 * MINUTE - dt.timedelta(seconds=1))
        assert engine.tick() == 0
        clock.shift(dt.timedelta(seconds=1))
        engine.tick()
        assert paged() == ["Ada", "Ada"]
        assert [fact["minutes"] for fact in facts("acknowledge_expired")] == [30]
        stop_escalation(
            subject_key="test:1", status="acknowledged", user_id=world.ada.pk, reason="x", now=START
        )
        stop_escalation(subject_key="test:1", status="stopped", user_id=None, reason="over", now=START)
        clock.shift(HOUR)
        assert engine.tick() == 0


def test_declining_moves_on_when_nobody_else_is_waited_for() -> None:
    world = make_world()
    cy = make_user("Cy")
    policy = policy_of(world, StepInput(5, [user(world.ada), user(world.bo)]), StepInput(5, [user(cy)]))
    with time_machine.travel(START, tick=False):
        start(policy)
        engine.tick()
        assert decline_pages(subject_key="test:1", user_id=cy.pk, now=START) is None
        assert decline_pages(subject_key="test:1", user_id=world.ada.pk, now=START) is False
        assert engine.tick() == 0
        open_pages = Delivery.objects.filter(status="pending", category="page")
        assert set(open_pages.values_list("user__name", flat=True)) == {"Bo"}
        assert decline_pages(subject_key="test:1", user_id=world.bo.pk, now=START) is True
        engine.tick()
    assert paged() == ["Ada", "Bo", "Cy"]
    assert [(fact["user_label"], fact["moved_on"]) for fact in facts("page_declined")] == [
        ("Ada", False),
        ("Bo", True),
    ]


def test_a_webhook_target_is_called_with_what_it_needs_to_know() -> None:
    world = make_world()
    hook = WebhookSubscription.objects.create(
        team=world.team, name="Gateway", url="https://gateway.example.com/x", secret=seal("whsec_x")
    )
    policy = policy_of(world, StepInput(5, [TargetInput("webhook", hook.pk)]))
    with time_machine.travel(START, tick=False) as clock:
        start(policy, severity=1)
        engine.tick()
        row = Delivery.objects.get(subscription=hook)
        assert row.payload["type"] == "escalation.step"
        data = row.payload["data"]
        assert (data["subject"], data["severity"], data["step"], data["policy"]) == ("test:1", 1, 1, "Own")
        assert [fact["webhooks"] for fact in facts("pages_sent")] == [["Gateway"]]
        clock.shift(5 * MINUTE)
        engine.tick()
    assert paged() == ["Ada"]  # no person was paged, so the last resort is: Ada manages the team


@pytest.mark.parametrize(
    ("step", "field"),
    [
        ({"pick": "best"}, "steps.0.pick"),
        ({"urgency": "medium"}, "steps.0.urgency"),
        ({"severities": [5]}, "steps.0.severities"),
        ({"hours": "lunch"}, "steps.0.hours"),
        ({"backup": 987654}, "steps.0.backup"),
        ({"backup_after_minutes": 2}, "steps.0.backup"),
    ],
)
def test_conditions_that_cannot_be_are_refused_by_name(step: dict[str, object], field: str) -> None:
    world = make_world()
    with pytest.raises(InvalidInput) as refused:
        policy_of(world, StepInput(5, [user(world.ada)], **step))  # type: ignore[arg-type]  # wrong on purpose
    assert list(refused.value.fields) == [field]


def test_a_backup_must_fit_into_the_wait_of_its_step() -> None:
    world = make_world()
    with pytest.raises(InvalidInput) as refused:
        policy_of(world, StepInput(5, [user(world.ada)], backup=world.bo.pk, backup_after_minutes=5))
    assert list(refused.value.fields) == ["steps.0.backup_after_minutes"]


def test_a_timeout_can_be_set_kept_and_taken_away() -> None:
    world = make_world()
    policy = policy_of(world, StepInput(5, [user(world.ada)]), acknowledge_timeout_minutes=30)
    actor = actor_of(world.ada)
    assert update_policy(actor=actor, policy_id=policy.pk, name="B").acknowledge_timeout_minutes == 30
    changed = update_policy(actor=actor, policy_id=policy.pk, acknowledge_timeout_minutes=None)
    assert changed.acknowledge_timeout_minutes is None
    assert policy_snapshot(policy.pk).acknowledge_timeout_minutes is None


def test_the_preview_is_what_the_engine_then_does_hand_over_included() -> None:
    world = make_world()
    schedule = make_schedule(world.team)
    make_rotation(schedule, [[world.ada.pk], [world.bo.pk]])
    target = [TargetInput("schedule", schedule.pk)]
    policy = policy_of(
        world, StepInput(30, target), StepInput(5, target, severities=[0]), StepInput(5, target)
    )
    midnight = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
    with time_machine.travel(START, tick=False):
        lines = policy_preview(policy, midnight - 10 * MINUTE, Case("high", 2))
    seen = [(line.at, line.step, line.user.name if line.user else None, line.passed) for line in lines]
    assert (midnight - 10 * MINUTE, 1, "Ada", False) in seen
    assert (midnight + 20 * MINUTE, 2, None, True) in seen
    assert (midnight + 20 * MINUTE, 3, "Bo", False) in seen

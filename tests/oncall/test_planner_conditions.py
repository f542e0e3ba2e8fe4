"""The planner on conditions, webhooks and holding: rules by example."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from oncall.escalation.decision import (
    Continue,
    Decision,
    Exhausted,
    Fallback,
    Fire,
    Hold,
    Reach,
    Recipient,
    RunState,
    Skip,
    StepReach,
)
from oncall.escalation.planner import first_state, plan
from oncall.escalation.snapshot import PolicySnapshot, Step, Target

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
ADA = StepReach((Recipient(1, Target("user", 1)),))
MANAGER = StepReach((Recipient(9, None),))
HOOK = StepReach((Recipient(None, Target("webhook", 4), webhook_id=4),))
PASSED = StepReach((), "only for high urgency", passed=True)


def policy(*delays: int) -> PolicySnapshot:
    return PolicySnapshot("Core", tuple(Step(delay, (Target("user", 1),)) for delay in delays))


def after(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def test_a_step_for_other_cases_is_passed_over_at_once_and_is_no_failure() -> None:
    assert plan(policy(5, 10), first_state(NOW), NOW, Reach((PASSED, ADA))) == Decision(
        (Skip(0, 0, "only for high urgency", passed=True), Fire(0, 1, (1,))),
        Continue(RunState(1, 0, after(10), reached=True)),
    )


def test_when_every_step_is_for_other_cases_the_last_resort_is_paged() -> None:
    assert plan(policy(5), first_state(NOW), NOW, Reach((PASSED,), MANAGER)) == Decision(
        (Skip(0, 0, "only for high urgency", passed=True), Fallback((9,))), Exhausted(reached=True)
    )


def test_a_webhook_is_called_and_waited_for_but_counts_as_nobody() -> None:
    first = plan(policy(5), first_state(NOW), NOW, Reach((HOOK,), MANAGER))
    waiting = RunState(1, 0, after(5), reached=False)
    assert first == Decision((Fire(0, 0, (), webhook_ids=(4,)),), Continue(waiting))
    end = plan(policy(5), waiting, after(5), Reach((HOOK,), MANAGER))
    assert end == Decision((Fallback((9,)),), Exhausted(reached=True))


def test_a_webhook_that_is_gone_is_a_failure_that_is_told() -> None:
    gone = StepReach((Recipient(None, Target("webhook", 4), False, "the webhook was deleted", 4),))
    decision = plan(policy(5, 5), first_state(NOW), NOW, Reach((gone, ADA)))
    assert decision.entries[0] == Skip(0, 0, "the webhook was deleted", ((None, "the webhook was deleted"),))


def test_holding_waits_for_the_shift_and_looks_again_every_ten_minutes() -> None:
    nobody = StepReach((), "nobody is on call")
    far, near = Reach((nobody,), MANAGER, hold_until=after(300)), Reach((nobody,), MANAGER, after(7))
    assert plan(policy(5), first_state(NOW), NOW, far) == Decision(
        (Hold(after(300)),), Continue(RunState(0, 0, after(10)))
    )
    assert plan(policy(5), first_state(NOW), NOW, near).outcome == Continue(RunState(0, 0, after(7)))


def test_once_a_step_has_fired_nothing_is_held() -> None:
    later = RunState(0, 1, NOW, reached=True)
    decision = plan(policy(5, 5), later, NOW, Reach((ADA, ADA), MANAGER, hold_until=after(60)))
    assert decision.entries == (Fire(0, 1, (1,)),)

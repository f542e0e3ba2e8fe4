"""The escalation planner: each rule by example, and what must hold for every policy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oncall.escalation.decision import (
    Continue,
    Decision,
    Exhausted,
    Fallback,
    Fire,
    InvalidRun,
    Reach,
    Recipient,
    RunState,
    Skip,
    StepReach,
    Wait,
)
from oncall.escalation.planner import first_state, plan
from oncall.escalation.snapshot import PolicySnapshot, Step, Target

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
EMPTY = StepReach(reason="schedule Core is empty now")


def policy(*delays: int, repeat: int = 0) -> PolicySnapshot:
    return PolicySnapshot("Core", tuple(Step(delay, (Target("user", 1),)) for delay in delays), repeat)


def people(*user_ids: int) -> StepReach:
    return StepReach(tuple(Recipient(user_id, Target("user", user_id)) for user_id in user_ids))


def reach(*steps: StepReach, fallback: StepReach | None = None) -> Reach:
    return Reach(steps, fallback if fallback is not None else StepReach())


def after(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def test_not_due_waits_unchanged() -> None:
    state = RunState(0, 0, NOW + timedelta(microseconds=1))
    assert plan(policy(5), state, NOW, reach(people(1))) == Decision((), Wait(state))


def test_a_due_step_fires_once_and_the_next_waits_its_delay_from_now() -> None:
    late = NOW + timedelta(minutes=3)
    assert plan(policy(5, 10), first_state(NOW), late, reach(people(1), people(2))) == Decision(
        (Fire(0, 0, (1,)),), Continue(RunState(0, 1, late + timedelta(minutes=5), reached=True))
    )


def test_a_skip_moves_on_at_once_and_says_why() -> None:
    assert plan(policy(5, 10), first_state(NOW), NOW, reach(EMPTY, people(2))) == Decision(
        (
            Skip(0, 0, "schedule Core is empty now", ((None, "schedule Core is empty now"),)),
            Fire(0, 1, (2,)),
        ),
        Continue(RunState(1, 0, after(10), reached=True)),
    )


def test_the_last_delay_of_a_round_passes_before_the_next_round_and_before_the_end() -> None:
    once_more, resolved = policy(5, repeat=1), reach(people(1))
    first = plan(once_more, first_state(NOW), NOW, resolved)
    assert first.outcome == Continue(RunState(1, 0, after(5), reached=True))
    second = plan(once_more, RunState(1, 0, after(5), reached=True), after(5), resolved)
    assert second == Decision((Fire(1, 0, (1,)),), Continue(RunState(2, 0, after(10), reached=True)))
    last = RunState(2, 0, after(10), reached=True)
    assert plan(once_more, last, after(9), resolved) == Decision((), Wait(last))
    assert plan(once_more, last, after(10), resolved) == Decision((), Exhausted(reached=True))


def test_a_skipped_last_step_starts_the_next_round_at_once() -> None:
    state = RunState(0, 1, NOW, reached=True)
    assert plan(policy(5, 10, repeat=1), state, NOW, reach(people(1), EMPTY)) == Decision(
        (Skip(0, 1, EMPTY.reason, ((None, EMPTY.reason),)), Fire(1, 0, (1,))),
        Continue(RunState(1, 1, after(5), reached=True)),
    )


def test_a_round_that_reaches_nobody_pages_the_fallback_and_ends() -> None:
    nobody = ((None, EMPTY.reason),)
    assert plan(
        policy(5, 10, repeat=9), first_state(NOW), NOW, reach(EMPTY, EMPTY, fallback=people(8, 9))
    ) == Decision(
        (Skip(0, 0, EMPTY.reason, nobody), Skip(0, 1, EMPTY.reason, nobody), Fallback((8, 9))),
        Exhausted(reached=True),
    )


def test_an_empty_fallback_ends_the_run_with_nobody_reached_and_says_so() -> None:
    assert plan(policy(5), first_state(NOW), NOW, reach(EMPTY)) == Decision(
        (Skip(0, 0, EMPTY.reason, ((None, EMPTY.reason),)), Fallback((), ((None, "no_fallback"),))),
        Exhausted(reached=False),
    )


def test_a_later_round_that_reaches_nobody_still_remembers_who_was_reached() -> None:
    state = RunState(1, 0, NOW, reached=True)
    assert plan(policy(5, repeat=1), state, NOW, reach(EMPTY)).outcome == Exhausted(reached=True)


def test_a_round_skipped_right_after_the_end_of_another_pages_the_fallback() -> None:
    state = RunState(0, 1, NOW, reached=True)
    nobody = ((None, EMPTY.reason),)
    assert plan(policy(5, 10, repeat=1), state, NOW, reach(EMPTY, EMPTY, fallback=people(8))) == Decision(
        (
            Skip(0, 1, EMPTY.reason, nobody),
            Skip(1, 0, EMPTY.reason, nobody),
            Skip(1, 1, EMPTY.reason, nobody),
            Fallback((8,)),
        ),
        Exhausted(reached=True),
    )


def test_a_policy_without_steps_goes_to_the_fallback() -> None:
    assert plan(policy(), first_state(NOW), NOW, reach(fallback=people(8))) == Decision(
        (Fallback((8,)),), Exhausted(reached=True)
    )


def test_a_person_is_paged_once_in_a_step_and_reachable_on_any_way_is_reachable() -> None:
    team = Target("team", 3)
    resolved = StepReach(
        (
            Recipient(1, team, reachable=False, reason="no contact method"),
            Recipient(2, team),
            Recipient(1, Target("user", 1)),
            Recipient(2, Target("user", 2)),
            Recipient(5, team, reachable=False, reason="deactivated"),
            Recipient(5, team, reachable=False, reason="deactivated"),
            Recipient(None, Target("schedule", 4), reachable=False, reason="schedule Core is empty now"),
        )
    )
    assert plan(policy(5), first_state(NOW), NOW, reach(resolved)).entries == (
        Fire(0, 0, (2, 1), ((5, "deactivated"), (None, "schedule Core is empty now"))),
    )


def test_reasons_are_never_empty() -> None:
    resolved = StepReach((Recipient(None, None), Recipient(4, None, reachable=False)))
    assert plan(policy(5, 5), first_state(NOW), NOW, reach(StepReach(), resolved)).entries == (
        Skip(0, 0, "nobody", ((None, "nobody"),)),
        Skip(0, 1, "nobody; unreachable", ((None, "nobody"), (4, "unreachable"))),
        Fallback((), ((None, "no_fallback"),)),
    )


@pytest.mark.parametrize(
    ("state", "resolved"),
    [
        (RunState(0, 1, NOW), reach(people(1))),
        (RunState(-1, 0, NOW), reach(people(1))),
        (RunState(0, 0, NOW), reach()),
    ],
)
def test_what_does_not_belong_to_the_policy_is_refused(state: RunState, resolved: Reach) -> None:
    with pytest.raises(InvalidRun):
        plan(policy(5), state, NOW, resolved)


STEP_REACH = st.lists(
    st.builds(
        Recipient,
        st.none() | st.integers(1, 4),
        st.none(),
        st.booleans(),
        st.sampled_from(["", "no contact method"]),
    ),
    max_size=3,
).map(lambda found: StepReach(tuple(found)))


def reachable(resolved: StepReach) -> set[int]:
    return {r.user_id for r in resolved.recipients if r.reachable and r.user_id is not None}


@st.composite
def runs(draw: st.DrawFn) -> tuple[PolicySnapshot, list[Reach], list[int]]:
    """A policy, how its targets resolve at each decision, and how many seconds late each one is."""
    delays = draw(st.lists(st.integers(0, 10080), max_size=4))
    chosen = policy(*delays, repeat=draw(st.integers(0, 3)))
    count = len(delays) * (chosen.repeat + 1) + 2
    reaches = [
        Reach(tuple(draw(STEP_REACH) for _ in delays), draw(STEP_REACH))
        for _ in range(draw(st.integers(1, min(count, 4))))
    ]
    return chosen, reaches, draw(st.lists(st.integers(0, 100), min_size=1, max_size=4))


@settings(max_examples=300, deadline=None)
@given(runs())
def test_every_run(run: tuple[PolicySnapshot, list[Reach], list[int]]) -> None:
    chosen, reaches, lateness = run
    state, now, waited, late = first_state(NOW), NOW, timedelta(0), timedelta(0)
    entries: list[Fire | Skip | Fallback] = []
    fired: list[int] = []
    limit = len(chosen.steps) * (chosen.repeat + 1) + 1
    for turn in range(limit + 1):
        resolved = reaches[turn % len(reaches)]
        decision = plan(chosen, state, now, resolved)
        entries += decision.entries
        for entry in decision.entries:
            if not isinstance(entry, Fallback):
                assert bool(reachable(resolved.steps[entry.step])) == isinstance(entry, Fire)
            if isinstance(entry, Fire):
                fired.append(entry.step)
                assert len(set(entry.user_ids)) == len(entry.user_ids)
                assert set(entry.user_ids) == reachable(resolved.steps[entry.step])
        if isinstance(decision.outcome, Exhausted):
            break
        assert isinstance(decision.outcome, Continue)
        assert isinstance(decision.entries[-1], Fire)
        state = decision.outcome.state
        waited += state.next_at - now
        behind = timedelta(seconds=lateness[turn % len(lateness)])
        now, late = state.next_at + behind, late + behind
    assert isinstance(decision.outcome, Exhausted), "the run never ended"
    assert entries
    assert decision.entries or fired
    places = [(entry.round, entry.step) for entry in entries if not isinstance(entry, Fallback)]
    every = [(number, step) for number in range(chosen.repeat + 1) for step in range(len(chosen.steps))]
    assert places == every[: len(places)]
    assert [isinstance(entry, Fallback) for entry in entries[:-1]] == [False] * (len(entries) - 1)
    assert isinstance(entries[-1], Fallback) or places == every
    assert all(entry.reason and entry.unreachable for entry in entries if isinstance(entry, Skip))
    assert waited == timedelta(minutes=sum(chosen.steps[step].delay_minutes for step in fired))
    assert now == NOW + waited + late
    paged = [entry for entry in entries if not isinstance(entry, Skip) and entry.user_ids]
    assert decision.outcome == Exhausted(reached=bool(paged))

"""What an escalation run does now: (policy snapshot, run state, now, reach) -> decision.

Pure: no clock, no database. The rules:

- A due step fires once; the next is due its delay after `now`, so a late engine never compresses the
  waits. Relative delays as in PagerDuty's escalation rules.
- A step nobody of which can be paged is skipped at once, without its delay, and says so.
- After a round's last step its delay passes before the next round; after the last round's it ends.
- A whole round in which no step fired ends the run with the fallback, since without a fired step there
  is no delay to wait and further rounds would see the same.
- A step whose conditions do not hold is passed over; it is no failure.
- A webhook is a machine: its step fires and waits, but a run that paged no person ends with the fallback.
- Low urgency may wait for the next shift; the engine looks again every ten minutes, as rotas change.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from oncall.escalation.decision import (
    Continue,
    Decision,
    Exhausted,
    Fallback,
    Fire,
    Hold,
    InvalidRun,
    Reach,
    Recipient,
    RunState,
    Skip,
    StepReach,
    Unreachable,
    Wait,
)
from oncall.escalation.snapshot import PolicySnapshot

# Reasons the planner itself gives, as codes that the timeline turns into sentences.
REASON_NOBODY = "nobody"
REASON_UNREACHABLE = "unreachable"
REASON_NO_FALLBACK = "no_fallback"
HOLD_LOOKS_AGAIN = timedelta(minutes=10)

Entry = Fire | Skip | Fallback | Hold


def first_state(now: datetime) -> RunState:
    """The state of a run that starts at `now`: its first step is due at once."""
    return RunState(round=0, step=0, next_at=now)


def plan(policy: PolicySnapshot, state: RunState, now: datetime, reach: Reach) -> Decision:
    """What happens at `now` (aware). At most one step fires in one decision.

    Raises InvalidRun when `state` or `reach` does not belong to `policy`.
    """
    _require_consistent(policy, state, reach)
    if now < state.next_at:
        return Decision((), Wait(state))
    if reach.hold_until is not None and (state.round, state.step) == (0, 0):
        again = min(reach.hold_until, now + HOLD_LOOKS_AGAIN)
        return Decision((Hold(reach.hold_until),), Continue(RunState(0, 0, again)))
    entries: list[Entry] = []
    round_number, step = state.round, state.step
    # A run only ever stops behind a fired step, so one inside a round has fired in it.
    fired = step > 0
    while round_number <= policy.repeat:
        if step == len(policy.steps):
            if not fired:
                return _last_resort(entries, state, reach)
            round_number, step, fired = round_number + 1, 0, False
            continue
        answer = reach.steps[step]
        user_ids, webhooks, unreachable = _sort_out(answer)
        if answer.passed:
            entries.append(Skip(round_number, step, answer.reason, passed=True))
        elif user_ids or webhooks:
            entries.append(Fire(round_number, step, user_ids, unreachable, webhooks))
            reached = state.reached or bool(user_ids)
            return Decision(tuple(entries), Continue(_after(policy, round_number, step, now, reached)))
        else:
            entries.append(Skip(round_number, step, _joined(unreachable), unreachable))
        step += 1
    if not state.reached:
        return _last_resort(entries, state, reach)
    return Decision(tuple(entries), Exhausted(state.reached))


def _after(policy: PolicySnapshot, round_number: int, step: int, now: datetime, reached: bool) -> RunState:
    due = now + timedelta(minutes=policy.steps[step].delay_minutes)
    if step + 1 < len(policy.steps):
        return RunState(round_number, step + 1, due, reached)
    return RunState(round_number + 1, 0, due, reached)


def _last_resort(entries: list[Entry], state: RunState, reach: Reach) -> Decision:
    user_ids, _webhooks, unreachable = _sort_out(reach.fallback)
    if not user_ids and unreachable == ((None, REASON_NOBODY),):
        unreachable = ((None, REASON_NO_FALLBACK),)
    entries.append(Fallback(user_ids, unreachable))
    return Decision(tuple(entries), Exhausted(state.reached or bool(user_ids)))


def _sort_out(resolved: StepReach) -> tuple[tuple[int, ...], tuple[int, ...], Unreachable]:
    """(who is paged, which webhooks are called, who is not reached), each once in the order given.

    Reachable on any way is reachable.
    """
    paged = _unique(resolved.recipients)
    webhooks = tuple(
        dict.fromkeys(row.webhook_id for row in resolved.recipients if row.webhook_id and row.reachable)
    )
    rest = [
        (
            recipient.user_id,
            recipient.reason or (REASON_NOBODY if recipient.user_id is None else REASON_UNREACHABLE),
        )
        for recipient in resolved.recipients
        if recipient.webhook_id not in webhooks or recipient.webhook_id is None
        if recipient.user_id is None or recipient.user_id not in paged
    ]
    if not resolved.recipients:
        rest.append((None, resolved.reason or REASON_NOBODY))
    return tuple(paged), webhooks, tuple(dict.fromkeys(rest))


def _unique(recipients: Iterable[Recipient]) -> dict[int, None]:
    return dict.fromkeys(
        recipient.user_id for recipient in recipients if recipient.reachable and recipient.user_id is not None
    )


def _joined(unreachable: Unreachable) -> str:
    return "; ".join(dict.fromkeys(reason for _user, reason in unreachable))


def _require_consistent(policy: PolicySnapshot, state: RunState, reach: Reach) -> None:
    if len(reach.steps) != len(policy.steps):
        raise InvalidRun("reach must resolve every step of the policy")
    if state.round < 0 or not 0 <= state.step <= max(0, len(policy.steps) - 1):
        raise InvalidRun("the run stands at a step the policy does not have")

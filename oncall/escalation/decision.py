"""What the planner is given and what it answers. Plain values; `now` and `next_at` are aware instants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from oncall.escalation.snapshot import Target


class InvalidRun(ValueError):
    """A run state or a resolution of targets that does not belong to the policy it came with."""


@dataclass(frozen=True, slots=True)
class RunState:
    """Where a run stands: the next step to fire (both counted from 0), when, and whether it ever paged.

    `round` equal to `repeat + 1` means the last delay runs and the run ends at `next_at`. `reached`
    is true once any step or the fallback has paged anybody.
    """

    round: int
    step: int
    next_at: datetime
    reached: bool = False


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person a target resolved to (None: it resolved to nobody), and why not, if unreachable.

    `webhook_id`: the target is a machine; it is called, and counts as nobody paged.
    """

    user_id: int | None
    via: Target | None
    reachable: bool = True
    reason: str = ""
    webhook_id: int | None = None


@dataclass(frozen=True, slots=True)
class StepReach:
    """Whom a step would page now, in order. `reason` says why there is nobody, when there is nobody.

    `passed`: its conditions do not hold, so that it is passed over without a word of failure.
    """

    recipients: tuple[Recipient, ...] = ()
    reason: str = ""
    passed: bool = False


@dataclass(frozen=True, slots=True)
class Reach:
    """One StepReach per step of the policy, and the last resort (the team's managers).

    `hold_until`: nobody is on duty, the page may wait, and the next shift begins then (after now).
    """

    steps: tuple[StepReach, ...]
    fallback: StepReach = StepReach()
    hold_until: datetime | None = None


Unreachable = tuple[tuple[int | None, str], ...]


@dataclass(frozen=True, slots=True)
class Fire:
    """Page these people, each once, and call these webhooks; `unreachable` could not be, with the reason."""

    round: int
    step: int
    user_ids: tuple[int, ...]
    unreachable: Unreachable = ()
    webhook_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Skip:
    """Nobody of this step can be paged; `reason` joins all reasons. Its delay is not waited.

    `passed`: nothing is wrong, the step is for other cases.
    """

    round: int
    step: int
    reason: str
    unreachable: Unreachable = ()
    passed: bool = False


@dataclass(frozen=True, slots=True)
class Fallback:
    """Page the last resort. `user_ids` is empty when there is none: then `unreachable` says why."""

    user_ids: tuple[int, ...]
    unreachable: Unreachable = ()


@dataclass(frozen=True, slots=True)
class Hold:
    """Nobody is on duty: the page waits for the shift that begins at `until`."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Wait:
    """Not due: nothing changes."""

    state: RunState


@dataclass(frozen=True, slots=True)
class Continue:
    """Store this state; its `next_at` may be `now` when the fired step has no delay."""

    state: RunState


@dataclass(frozen=True, slots=True)
class Exhausted:
    """The run is over. `reached`: whether it ever paged anybody."""

    reached: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What to write, in order, and what becomes of the run."""

    entries: tuple[Fire | Skip | Fallback | Hold, ...]
    outcome: Wait | Continue | Exhausted

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True, kw_only=True)
class PagesSent(Event):
    """A step fired. `users`: [id, name] of who is being paged; `unreached`: [id or None, name, reason].

    `round` and `step` count from 0, as people know the steps; `step` -1 is the last resort (the team's
    managers). `backup`: the step's backup was paged, as nobody had answered. `webhooks`: names of those called.
    """

    kind: ClassVar[str] = "oncall.pages_sent"
    subject_key: str
    run_id: int
    round: int
    step: int
    policy_name: str
    users: list[tuple[int, str]]
    unreached: list[tuple[int | None, str, str]]
    backup: bool = False
    webhooks: list[str] = field(default_factory=list)

    @property
    def stream(self) -> str:
        return self.subject_key


@dataclass(frozen=True, kw_only=True)
class StepSkipped(Event):
    """Nobody of a step could be paged; the next one was taken at once."""

    kind: ClassVar[str] = "oncall.step_skipped"
    subject_key: str
    run_id: int
    round: int
    step: int
    reason: str

    @property
    def stream(self) -> str:
        return self.subject_key


@dataclass(frozen=True, kw_only=True)
class EscalationExhausted(Event):
    """The policy came to its end without an acknowledge. `reached`: somebody was paged at least once."""

    kind: ClassVar[str] = "oncall.exhausted"
    subject_key: str
    run_id: int
    reached: bool

    @property
    def stream(self) -> str:
        return self.subject_key


@dataclass(frozen=True, kw_only=True)
class PagesHeld(Event):
    """Nobody is on duty and low urgency may wait: paging begins with the shift at `until` (ISO 8601)."""

    kind: ClassVar[str] = "oncall.pages_held"
    subject_key: str
    run_id: int
    until: str

    @property
    def stream(self) -> str:
        return self.subject_key


@dataclass(frozen=True, kw_only=True)
class PageDeclined(Event):
    """Somebody who was paged cannot take it. `moved_on`: nobody else was waited for, the next step is due.

    `left`: their account was deactivated meanwhile; they said nothing.
    """

    kind: ClassVar[str] = "oncall.page_declined"
    subject_key: str
    user_id: int
    user_label: str
    moved_on: bool
    left: bool = False

    @property
    def stream(self) -> str:
        return self.subject_key


@dataclass(frozen=True, kw_only=True)
class AcknowledgeExpired(Event):
    """Still open so many minutes after the acknowledge: the policy pages again."""

    kind: ClassVar[str] = "oncall.acknowledge_expired"
    subject_key: str
    run_id: int
    minutes: int

    @property
    def stream(self) -> str:
        return self.subject_key


@dataclass(frozen=True, kw_only=True)
class ShiftRequestChanged(Event):
    """A cover or swap was asked for, taken, or answered. `what`: asked, taken or the request's new status."""

    kind: ClassVar[str] = "oncall.shift_request"
    request_id: int
    schedule_id: int
    what: str
    actor_id: int | None
    actor_label: str

    @property
    def stream(self) -> str:
        return f"schedule:{self.schedule_id}"


@dataclass(frozen=True, kw_only=True)
class OnCallChanged(Event):
    """What a team's on-call pages show is another now. `what`: the line of the audit trail that says it.

    `schedule_id` is None for a change of an escalation policy.
    """

    kind: ClassVar[str] = "oncall.changed"
    team_id: int
    schedule_id: int | None
    what: str

    @property
    def stream(self) -> str:
        return f"oncall:{self.team_id}"


@dataclass(frozen=True, kw_only=True)
class LeaveChanged(Event):
    """Somebody's leave was written down or taken back."""

    kind: ClassVar[str] = "oncall.leave"
    user_id: int

    @property
    def stream(self) -> str:
        return f"user:{self.user_id}"

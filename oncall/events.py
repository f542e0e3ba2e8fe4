from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True, kw_only=True)
class PagesSent(Event):
    """A step fired. `users`: [id, name] of who is being paged; `unreached`: [id or None, name, reason].

    `round` and `step` count from 0; `step` -1 is the last resort (the team's managers).
    """

    kind: ClassVar[str] = "oncall.pages_sent"
    subject_key: str
    run_id: int
    round: int
    step: int
    policy_name: str
    users: list[tuple[int, str]]
    unreached: list[tuple[int | None, str, str]]

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

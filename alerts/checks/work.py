"""What goes between the one who knows what is due and the workers that ask. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

# Most checks that one worker makes at once, and most runs that are leased at once.
AT_ONCE = 50
MAX_RESULTS = 200
# How much longer than the probe may take its worker has for it, in seconds.
LEASE_MARGIN = 30
# A location that sees trouble has it confirmed by the others within the time between two of their questions.
ASK_EVERY, ASK_IDLE = 3.0, 10.0
_LEAST = 0.2


class Work(NamedTuple):
    """One check to be made once. `lease` goes back with the result; it holds for `timeout_seconds` + 30 s."""

    run_id: int
    lease: str
    kind: str
    target: str
    settings: dict[str, Any]
    headers: dict[str, str]
    timeout_seconds: int


class Result(NamedTuple):
    """What a location saw."""

    run_id: int
    lease: str
    ok: bool
    detail: str
    milliseconds: int


class Reported(NamedTuple):
    """What became of results: kept; too late or a repetition; not of this location (or no more)."""

    taken: int = 0
    late: int = 0
    refused: int = 0


class Leased(NamedTuple):
    """What is to be done now, and in how many seconds to ask again."""

    work: list[Work]
    wait_seconds: float


class WorkSourceError(Exception):
    """No work to be had or nothing to be reported now; `retry_after` in seconds when the other side names it."""

    def __init__(self, sentence: str, *, retry_after: float = 0) -> None:
        self.retry_after = retry_after
        super().__init__(sentence)


def pause(next_at: dt.datetime | None, now: dt.datetime) -> float:
    """Seconds until a worker asks again: when something is due, but soon enough to confirm what others see."""
    if next_at is None:
        return ASK_IDLE
    return min(max((next_at - now).total_seconds(), _LEAST), ASK_EVERY)

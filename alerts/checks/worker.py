"""The worker's round: ask for work, make the checks beside each other, report. Ends cleanly, and never of one check."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, Protocol, TypeVar

import structlog

from alerts.checks.probes import Outcome, probe
from alerts.checks.reach import context
from alerts.checks.work import (
    AT_ONCE,
    LEASE_MARGIN,
    MAX_RESULTS,
    Leased,
    Reported,
    Result,
    Work,
    WorkSourceError,
)

_T = TypeVar("_T")
log = structlog.get_logger("watchbill.checks")

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
# How long the checks that run when it is told to end have for it.
ENDING = 5.0
_LOOK = 0.5


class WorkSource(Protocol):
    """Where work comes from and results go. Both raise `WorkSourceError`."""

    def lease(self, limit: int) -> Leased: ...

    def report(self, results: list[Result]) -> Reported: ...


class _Done(NamedTuple):
    """`outcome` is None when the probe itself broke: then nothing is known, and nothing said."""

    work: Work
    outcome: Outcome | None


class _Unsent(NamedTuple):
    result: Result
    good_until: float


class Worker:
    """At most `at_once` checks run beside each other, each in a thread of its own."""

    def __init__(self, source: WorkSource, stop: threading.Event, *, at_once: int = AT_ONCE) -> None:
        self._source, self._stop, self._at_once = source, stop, at_once
        self._done: queue.SimpleQueue[_Done] = queue.SimpleQueue()
        # Lease → when it is given up, whatever its thread does.
        self._running: dict[str, float] = {}
        self._unsent: list[_Unsent] = []
        self._asking, self._telling = Pace(), Pace()

    def run(self) -> None:
        """Until `stop` is set; then what runs gets a few seconds, and what is known is reported once more."""
        # Reading whom to trust takes a while, which is no time a server took to answer.
        context(verify=True)
        while not self._stop.is_set():
            self.turn()
        until = time.monotonic() + ENDING
        while self._running and time.monotonic() < until:
            self._collect(min(_LOOK, until - time.monotonic()))
        self._tell(last=True)

    def turn(self) -> None:
        """One round; takes half a second at most when nothing happens."""
        self._give_up()
        if self._asking.due and len(self._running) < self._at_once:
            self._ask()
        if self._unsent and not self._telling.due:
            wait = min(_LOOK, self._telling.left)
        else:
            wait = min(_LOOK, self._asking.left) if len(self._running) < self._at_once else _LOOK
        self._collect(max(wait, 0.01))
        if self._telling.due:
            self._tell()

    def _ask(self) -> None:
        room = self._at_once - len(self._running)
        leased = self._asking.attempt("no work to be had", partial(self._source.lease, room))
        if leased is None:
            return
        for work in leased.work:
            key = _key(work)
            self._running[key] = time.monotonic() + work.timeout_seconds + LEASE_MARGIN
            threading.Thread(
                target=self._make, args=(work,), name=f"check-{work.run_id}", daemon=True
            ).start()
        # As much as there was room for: there may be more.
        self._asking.again_in(0 if len(leased.work) == room else leased.wait_seconds)

    def _make(self, work: Work) -> None:
        outcome = None
        try:
            outcome = probe(work.kind, work.target, work.settings, work.headers, work.timeout_seconds)
        except Exception:  # the edge of a thread: a check that breaks its probe takes no other along
            log.exception("a check broke its probe", kind=work.kind, target=work.target)
        self._done.put(_Done(work, outcome))

    def _collect(self, seconds: float) -> None:
        try:
            found = [self._done.get(timeout=max(seconds, 0.01))]
        except queue.Empty:
            return
        while not self._done.empty():
            found.append(self._done.get())
        for work, outcome in found:
            until = self._running.pop(_key(work), None)
            if until is not None and outcome is not None:
                self._unsent.append(_Unsent(Result(work.run_id, work.lease, *outcome), until))

    def _tell(self, *, last: bool = False) -> None:
        now = time.monotonic()
        self._unsent = [each for each in self._unsent if each.good_until > now]
        while self._unsent and (last or self._telling.due):
            batch, rest = self._unsent[:MAX_RESULTS], self._unsent[MAX_RESULTS:]
            results = [each.result for each in batch]
            told = self._telling.attempt("results not reported", partial(self._source.report, results))
            if told is None:
                return
            self._unsent = rest

    def _give_up(self) -> None:
        now = time.monotonic()
        for key in [key for key, until in self._running.items() if until < now]:
            log.error("a check did not end in its time", lease=key)
            del self._running[key]


class Pace:
    """When something is tried again: at once when it works, later and later while it does not."""

    def __init__(self) -> None:
        self._at = 0.0
        self._pause = 0.0

    @property
    def left(self) -> float:
        return max(0.0, self._at - time.monotonic())

    @property
    def due(self) -> bool:
        return self.left == 0

    def again_in(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def attempt(self, what: str, call: Callable[[], _T]) -> _T | None:
        """The call's answer; None when it failed, which is logged, and tried again after a pause."""
        try:
            answer = call()
        except WorkSourceError as error:
            self._pause = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
            # Many workers that lost the same server do not all come back in the same second.
            pause = max(error.retry_after, self._pause * random.uniform(0.7, 1.0))  # noqa: S311 - jitter, nothing secret
            log.warning(what, reason=str(error), again_in=round(pause, 1))
            self.again_in(min(pause, LONGEST_PAUSE))
            return None
        if self._pause:
            log.info("back again", after=what)
        self._pause = 0.0
        return answer


def _key(work: Work) -> str:
    return f"{work.run_id} {work.lease}"

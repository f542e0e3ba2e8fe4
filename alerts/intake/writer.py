"""Group commit: requests that arrive while the disk is busy are written together by one thread.

A request still answers only after its own events are durable. What they share is the round trip to
Redis for the rate limit, the statement, the commit and the wake-up.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections

from alerts.intake import limits
from alerts.intake.store import Batch, Stored, write

log = structlog.get_logger("watchbill.intake")

# One statement carries at most this many requests and bytes of JSON; the rest goes with the next.
MOST_REQUESTS = 200
MOST_SIZE = 2 * 1024 * 1024
# Requests that wait for the disk. More than these could only time out.
MOST_WAITING = 2000


class Overloaded(OperationalError):
    """Too many requests wait for the database already; nothing of this one was stored."""


class _Place:
    """Where one thread waits for one outcome: a bare lock, the cheapest thing to wait for."""

    __slots__ = ("_lock", "_outcome")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def put(self, outcome: Stored | Exception) -> None:
        self._outcome = outcome
        self._lock.release()

    def get(self) -> Stored:
        self._lock.acquire()
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


@dataclass(slots=True)
class _Job:
    batch: Batch
    waiter: _Place | asyncio.Future[Stored]


def store(batch: Batch) -> Stored:
    """Store one request here and now, in the caller's thread and transaction."""
    return _settle([batch])[0]


def _settle(batches: Sequence[Batch]) -> list[Stored]:
    """Apply the rate limits and write what passes; one answer for each batch, in order."""
    wanted: dict[str, int] = {}
    for batch in batches:
        if batch.limited:
            wanted[batch.key] = wanted.get(batch.key, 0) + 1
    granted = limits.grants(wanted) if wanted else {}
    passed = []
    for batch in batches:
        if batch.limited:
            granted[batch.key] -= 1
        if not batch.limited or granted[batch.key] >= 0:
            passed.append(batch)
    known = write(passed) if passed else set()
    kept = {batch.request_id for batch in passed}
    return [
        Stored(
            batch.request_id,
            known=batch.request_id in known,
            wait=0 if batch.request_id in kept else max(limits.over(batch.key), 1),
        )
        for batch in batches
    ]


class Writer:
    """One thread of this process that writes for all requests. Started with the first one."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._pid = 0

    def store(self, batch: Batch) -> Stored:
        """Wait in this thread until `batch` is durable."""
        place = _Place()
        self._put(_Job(batch, place))
        return place.get()

    async def store_soon(self, batch: Batch) -> Stored:
        """The same for the event loop."""
        future: asyncio.Future[Stored] = asyncio.get_running_loop().create_future()
        self._put(_Job(batch, future))
        return await future

    def _put(self, job: _Job) -> None:
        if self._jobs.qsize() >= MOST_WAITING:
            raise Overloaded
        if self._pid != os.getpid():
            self._start()
        self._jobs.put(job)

    def _start(self) -> None:
        with self._lock:
            if self._pid != os.getpid():
                # A child of a fork has no thread yet, and must not answer what its parent was asked.
                self._jobs = queue.SimpleQueue()
                threading.Thread(
                    target=self._run, args=(self._jobs,), name="intake-writer", daemon=True
                ).start()
                self._pid = os.getpid()

    def _run(self, jobs: queue.SimpleQueue[_Job]) -> None:
        while True:
            taken = [jobs.get()]
            size = taken[0].batch.size
            while len(taken) < MOST_REQUESTS and size < MOST_SIZE:
                try:
                    taken.append(jobs.get_nowait())
                except queue.Empty:
                    break
                size += taken[-1].batch.size
            outcomes = _outcomes(taken)
            close_old_connections()
            _answer(taken, outcomes)


def _outcomes(jobs: Sequence[_Job]) -> list[Stored | Exception]:
    try:
        return list(_settle([job.batch for job in jobs]))
    except (OperationalError, InterfaceError) as error:
        return [error] * len(jobs)
    except DatabaseError as error:
        # One of them holds what the database refuses; it must not take the others with it.
        if len(jobs) == 1:
            return [error]
        return [outcome for job in jobs for outcome in _outcomes([job])]
    except Exception as error:  # the thread serves every later request too
        log.exception("intake writer failed")
        return [error] * len(jobs)


def _answer(jobs: Sequence[_Job], outcomes: Sequence[Stored | Exception]) -> None:
    """Hand out the results; event loops are called once each, as every call wakes them."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Stored], Stored | Exception]]] = {}
    for job, outcome in zip(jobs, outcomes, strict=True):
        if isinstance(job.waiter, _Place):
            job.waiter.put(outcome)
        else:
            by_loop.setdefault(job.waiter.get_loop(), []).append((job.waiter, outcome))
    for loop, pairs in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve, pairs)
        except RuntimeError:
            log.warning("the server stopped before it could answer", requests=len(pairs))


def _resolve(pairs: Sequence[tuple[asyncio.Future[Stored], Stored | Exception]]) -> None:
    for future, outcome in pairs:
        if future.done():
            continue  # the sender has gone
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


writer = Writer()

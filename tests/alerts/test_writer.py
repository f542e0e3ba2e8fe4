"""Group commit: each request gets its own answer, whatever it shares the statement with."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DataError, OperationalError

from alerts.intake import limits, writer
from alerts.intake.receive import handle
from alerts.intake.store import Batch, Row, Stored, write
from alerts.models import IntakeItem
from tests.alerts.support import request
from tests.world import make_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.enable_socket]


class Gate:
    """Holds the first write back until told, so that the others must share the next one."""

    def __init__(self) -> None:
        self.begun, self.opened = threading.Event(), threading.Event()
        self.sizes: list[int] = []

    def write(self, batches: Sequence[Batch]) -> Any:
        self.sizes.append(len(batches))
        if len(self.sizes) == 1:
            self.begun.set()
            assert self.opened.wait(10)
        return write(batches)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    made = Gate()
    monkeypatch.setattr(writer, "write", made.write)
    return made


@pytest.fixture
def ours() -> Iterator[writer.Writer]:
    yield writer.Writer()


def batch(key: str, name: str, raw: str = "{}") -> Batch:
    parsed = json.dumps({"action": "trigger", "dedup_key": name, "group_key": name, "title": name})
    return Batch(key, (Row("trigger", name, parsed.encode(), raw.encode()),))


def behind(gate: Gate, ours: writer.Writer, batches: Sequence[Batch]) -> list[Stored | Exception]:
    """Outcomes of `batches`, all of which arrive while the first write is held back."""

    def outcome(one: Batch) -> Stored | Exception:
        try:
            return ours.store(one)
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(batches) + 1) as pool:
        first = pool.submit(ours.store, batch("0" * 32, "first"))
        assert gate.begun.wait(10)
        others = [pool.submit(outcome, one) for one in batches]
        wait_until(lambda: ours._jobs.qsize() == len(batches))
        gate.opened.set()
        first.result(10)
        return [other.result(10) for other in others]


def wait_until(condition: Callable[[], bool]) -> None:
    from config.launcher.process import wait_for

    assert wait_for(condition, seconds=10, interval=0.005)


def test_what_arrives_meanwhile_is_written_together_and_answered_apart(
    gate: Gate, ours: writer.Writer
) -> None:
    world = make_world()
    keys = [world.key, "f" * 32] * 10
    batches = [batch(key, str(number)) for number, key in enumerate(keys)]
    found = behind(gate, ours, batches)
    assert found == [Stored(one.request_id, known=one.key == world.key) for one in batches]
    assert gate.sizes == [1, 20]
    stored = IntakeItem.objects.values_list("dedup_key", "request_id")
    assert set(stored) == {(one.rows[0].dedup_key, one.request_id) for one in batches[::2]}


def test_one_that_the_database_refuses_takes_no_other_with_it(gate: Gate, ours: writer.Writer) -> None:
    world = make_world()
    batches = [batch(world.key, "a"), batch(world.key, "bad", raw='"\\u0000"'), batch(world.key, "c")]
    first, bad, last = behind(gate, ours, batches)
    assert isinstance(bad, DataError)
    assert [first, last] == [Stored(one.request_id, known=True) for one in (batches[0], batches[2])]
    assert set(IntakeItem.objects.values_list("dedup_key", flat=True)) == {"a", "c"}


def test_a_key_over_its_limit_is_told_so_and_the_others_pass(
    gate: Gate, ours: writer.Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()
    monkeypatch.setattr(limits, "BURST", 3)
    monkeypatch.setattr(limits, "RATE", 0.001)
    monkeypatch.setattr(limits, "_REMEMBERED_SECONDS", 60)
    free = Batch(world.key, batch(world.key, "free").rows, limited=False)
    found = behind(gate, ours, [*(batch(world.key, str(number)) for number in range(5)), free])
    assert [(one.known, one.wait > 0) for one in found if isinstance(one, Stored)] == [
        *[(True, False)] * 3,
        *[(False, True)] * 2,
        (True, False),
    ]
    assert IntakeItem.objects.count() == 4
    for kind, status in (("generic", 429), ("alertmanager", 503)):
        reply = handle(request(f"/api/v1/intake/{kind}/{world.key}/", b"not even JSON"))
        assert (reply.status, reply.body["code"]) == (status, "rate_limited")
        assert int(reply.headers["Retry-After"]) > 0


def test_a_database_that_is_away_is_said_to_all_and_the_next_ones_are_stored(
    gate: Gate, ours: writer.Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()

    def away(_batches: Sequence[Batch]) -> Any:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(writer, "write", away)
    reply = handle(
        request(f"/api/v1/intake/generic/{world.key}/", b'{"title": "x"}'),
        store=ours.store,
    )
    assert (reply.status, reply.body["code"], reply.headers) == (
        503,
        "database_unavailable",
        {"Retry-After": "2"},
    )
    monkeypatch.setattr(writer, "write", write)
    assert ours.store(batch(world.key, "later")).known


def test_too_many_waiting_are_refused_at_once(
    gate: Gate, ours: writer.Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()
    monkeypatch.setattr(writer, "MOST_WAITING", 2)
    with ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(ours.store, batch(world.key, "0"))]
        assert gate.begun.wait(10)
        jobs += [pool.submit(ours.store, batch(world.key, str(number))) for number in (1, 2)]
        wait_until(lambda: ours._jobs.qsize() == 2)
        with pytest.raises(writer.Overloaded):
            ours.store(batch(world.key, "3"))
        gate.opened.set()
        assert [job.result(10).known for job in jobs] == [True] * 3


def test_an_event_loop_waits_for_the_same_thread(ours: writer.Writer) -> None:
    world = make_world()

    async def many() -> list[Stored]:
        batches = [batch(world.key, str(number)) for number in range(50)]
        return await asyncio.gather(*(ours.store_soon(one) for one in batches))

    assert all(stored.known for stored in asyncio.run(many()))
    assert IntakeItem.objects.count() == 50


def test_a_sender_that_has_gone_stops_nobody(gate: Gate, ours: writer.Writer) -> None:
    world = make_world()

    async def impatient() -> Stored:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ours.store_soon(batch(world.key, "gone")), 0.05)
        gate.opened.set()
        return await ours.store_soon(batch(world.key, "stays"))

    assert asyncio.run(impatient()).known
    assert set(IntakeItem.objects.values_list("dedup_key", flat=True)) == {"gone", "stays"}


def test_a_forked_process_has_a_writer_of_its_own(
    ours: writer.Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()
    assert ours.store(batch(world.key, "parent")).known
    before = ours._jobs
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert ours.store(batch(world.key, "child")).known
    assert ours._jobs is not before

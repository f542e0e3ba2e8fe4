"""The relay: order within a stream, each subscriber once, failures that hold up nobody else."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import pytest
import time_machine
from django.db import connection

from core import events, relay
from core.models import EventReceipt, OutboxEvent

START = dt.datetime(2026, 11, 20, 3, 0, tzinfo=dt.UTC)


@dataclass(frozen=True, kw_only=True)
class Noted(events.Event):
    """An event that only these tests publish."""

    kind: ClassVar[str] = "tests.noted"
    about: str
    number: int = 0

    @property
    def stream(self) -> str:
        return f"test:{self.about}"


@pytest.fixture
def subscribe() -> Iterator[Callable[[str, events.Handler], None]]:
    """Register handlers by name; gone again after the test."""

    def add(name: str, handler: events.Handler) -> None:
        events.subscribe(Noted, name=name)(handler)

    yield add
    events._subscribers.pop(Noted.kind, None)


def states() -> list[tuple[str, int]]:
    return list(OutboxEvent.objects.order_by("pk").values_list("status", "attempts"))


@pytest.mark.django_db
def test_each_subscriber_gets_each_event_once_and_in_order(subscribe) -> None:
    seen: list[tuple[str, int]] = []
    subscribe("a", lambda event: seen.append(("a", event.number)))
    subscribe("b", lambda event: seen.append(("b", event.number)))
    events.publish(*(Noted(about="x", number=number) for number in range(3)))
    assert relay.drain() == 3
    assert relay.drain() == 0
    assert seen == [(name, number) for number in range(3) for name in "ab"]
    # The event itself says that everybody has it.
    assert states() == [("done", 0)] * 3
    assert not EventReceipt.objects.exists()


@pytest.mark.django_db
def test_an_event_without_subscribers_is_not_written() -> None:
    events.publish(Noted(about="x"))
    assert not OutboxEvent.objects.exists()


@pytest.mark.django_db
def test_a_failing_subscriber_backs_off_alone(subscribe) -> None:
    good: list[int] = []
    tries: list[int] = []

    def bad(event: Noted) -> None:
        tries.append(event.number)
        OutboxEvent.objects.create(stream="half", kind="half", payload={})
        if len(tries) < 3:
            raise ValueError("not yet")

    subscribe("bad", bad)
    subscribe("good", lambda event: good.append(event.number))
    with time_machine.travel(START, tick=False) as clock:
        events.publish(Noted(about="x", number=1), Noted(about="x", number=2), Noted(about="y", number=3))
        relay.drain()
        # Stream x waits in order, stream y goes on; what the failed handler wrote is gone.
        assert good == [1, 3]
        first = OutboxEvent.objects.order_by("pk")[0]
        assert (first.attempts, first.next_attempt_at) == (1, START + dt.timedelta(seconds=1))
        assert "ValueError('not yet')" in first.last_error
        # Both have failed once for one subscriber; the other is not asked again.
        failed = OutboxEvent.objects.filter(attempts=1).order_by("pk")
        receipts = EventReceipt.objects.order_by("event").values_list("event", "subscriber")
        assert list(receipts) == [(row.pk, "good") for row in failed] and len(failed) == 2
        clock.shift(dt.timedelta(seconds=60))
        relay.drain()
        clock.shift(dt.timedelta(seconds=60))
        relay.drain()
    assert good == [1, 3, 2]
    assert tries == [1, 3, 1, 3, 1, 2][: len(tries)] or tries.count(1) >= 2
    assert set(states()) <= {("done", 0), ("done", 1), ("done", 2), ("pending", 0)}
    assert OutboxEvent.objects.filter(kind="half").count() == 3


@pytest.mark.django_db
def test_a_stream_that_waits_keeps_no_other_from_its_turn_however_much_it_holds(subscribe) -> None:
    seen: list[str] = []

    def handler(event: Noted) -> None:
        if event.about == "x":
            raise RuntimeError("not yet")
        seen.append(event.about)

    subscribe("only", handler)
    with time_machine.travel(START, tick=False) as clock:
        events.publish(*(Noted(about="x", number=number) for number in range(150)), Noted(about="y"))
        assert relay.drain() == 2
        assert seen == ["y"]
        # The head waits for its next try; the 149 behind it are due, and nobody's turn.
        events.publish(Noted(about="y"))
        clock.shift(dt.timedelta(milliseconds=10))
        assert relay.drain() == 1
    assert seen == ["y", "y"]


@pytest.mark.django_db
def test_a_dead_letter_lets_its_stream_go_on_and_can_be_tried_again(subscribe) -> None:
    seen: list[int] = []
    broken = True

    def handler(event: Noted) -> None:
        if broken and event.number == 1:
            raise RuntimeError("broken")
        seen.append(event.number)

    subscribe("only", handler)
    with time_machine.travel(START, tick=False) as clock:
        events.publish(Noted(about="x", number=1), Noted(about="x", number=2))
        for _try in range(relay.MAX_ATTEMPTS):
            assert seen == []
            relay.drain()
            clock.shift(dt.timedelta(minutes=5))
        relay.drain()
        assert seen == [2]
        assert states() == [("dead", relay.MAX_ATTEMPTS), ("done", 0)]
        broken = False
        relay.retry(OutboxEvent.objects.order_by("pk")[0])
        relay.drain()
    assert seen == [2, 1]


@pytest.mark.concurrent
@pytest.mark.django_db(transaction=True)
def test_two_relays_handle_each_event_once(subscribe) -> None:
    lock = threading.Lock()
    seen: list[tuple[str, int]] = []

    def handler(event: Noted) -> None:
        with lock:
            seen.append((event.about, event.number))

    subscribe("only", handler)
    wanted = [(about, number) for number in range(15) for about in "xyz"]
    events.publish(*(Noted(about=about, number=number) for about, number in wanted))

    def run() -> None:
        try:
            # A relay that finds every stream taken ends, so ask until all is done.
            while OutboxEvent.objects.filter(status="pending").exists():
                relay.drain()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(seen) == sorted(wanted)
    for about in "xyz":
        assert [number for name, number in seen if name == about] == list(range(15))
    assert set(states()) == {("done", 0)}

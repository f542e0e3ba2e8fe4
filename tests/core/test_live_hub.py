"""The live hub: no hole a client cannot see, slow clients dropped, scopes kept."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest

from core.live import hub as hub_module
from core.live import stored, topics
from core.live.hub import QUEUE_SIZE, Hub, Socket
from core.live.publishing import CHANNEL, publish_entry
from core.live.topics import Message

pytestmark = pytest.mark.django_db
TOPIC = "demo:1"
NOW = dt.datetime(2026, 11, 20, 3, 0, tzinfo=dt.UTC)


class Source:
    """Messages from memory; `scope` names the only actor that may have one."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.reads: list[int] = []
        self.before_last: Any = None

    def add(self, count: int = 1, **scope: Any) -> list[Message]:
        first = len(self.messages) + 1
        added = [Message(TOPIC, seq, "e", {"n": seq}, scope=scope) for seq in range(first, first + count)]
        self.messages += added
        return added

    def may_listen(self, actor: Any, key: str) -> bool:
        return True

    def topic_for(self, actor: Any, key: str) -> str:
        return TOPIC

    def last(self, topic: str) -> int:
        found = len(self.messages)
        if self.before_last is not None:
            self.before_last()
        return found

    def replay(self, topic: str, after: int, limit: int) -> list[Message]:
        self.reads.append(after)
        return [message for message in self.messages if message.seq > after][:limit]

    def may_receive(self, actor: Any, scope: dict[str, Any]) -> bool:
        return not scope or scope["only"] == actor


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    found = Source()
    topics.register("demo", found)

    async def directly(function: Any, *args: Any) -> Any:
        result = function(*args)
        await asyncio.sleep(0)
        return result

    monkeypatch.setattr(hub_module, "in_thread", directly)
    yield found
    topics._sources.pop("demo", None)


def wire(message: Message) -> bytes:
    return orjson.dumps(
        {
            "topic": message.topic,
            "seq": message.seq,
            "event": message.event,
            "data": message.data,
            "html": "",
            "scope": message.scope,
            "edited": message.edited,
        }
    )


def queued(socket: Socket) -> list[Any]:
    """Everything waiting: sequence numbers, "subscribed" with the last number, None for the end."""
    found: list[Any] = []
    while not socket.queue.empty():
        text = socket.queue.get_nowait()
        body = orjson.loads(text) if text is not None else None
        found.append(("last", body["last"]) if body and "subscribed" in body else body and body["seq"])
    return found


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(scenario)


async def joined(hub: Hub, source: Source, actor: str = "ada", after: int | None = None) -> Socket:
    socket = Socket(actor)
    hub._sockets.add(socket)
    await hub.join(socket, source, TOPIC, TOPIC, after)
    return socket


def test_without_after_only_new_entries_come(source: Source) -> None:
    async def scenario() -> None:
        source.add(3)
        hub = Hub()
        socket = await joined(hub, source)
        await hub._receive(wire(source.add()[0]))
        assert queued(socket) == [("last", 3), 4]
        assert source.reads == []

    run(scenario())


def test_with_after_the_missed_ones_come_first(source: Source) -> None:
    async def scenario() -> None:
        source.add(5)
        socket = await joined(Hub(), source, after=2)
        assert queued(socket) == [("last", 5), 3, 4, 5]

    run(scenario())


def test_a_gap_is_read_from_the_database_and_repeats_are_not_given(source: Source) -> None:
    async def scenario() -> None:
        hub = Hub()
        socket = await joined(hub, source)
        messages = source.add(5)
        await hub._receive(wire(messages[0]))
        await hub._receive(wire(messages[3]))
        await hub._receive(wire(messages[2]))
        await hub._receive(wire(messages[3]))
        assert queued(socket) == [("last", 0), 1, 2, 3, 4, 5]
        assert source.reads == [1]

    run(scenario())


def test_what_was_edited_is_given_again_and_closes_no_gap(source: Source) -> None:
    async def scenario() -> None:
        hub = Hub()
        source.add(2)
        socket = await joined(hub, source)
        edited = replace(source.messages[0], edited=True)
        await hub._receive(wire(edited))
        assert queued(socket) == [("last", 2), 1]
        later = source.add(3)
        await hub._receive(wire(replace(later[1], edited=True)))
        await hub._receive(wire(later[2]))
        assert queued(socket) == [3, 4, 5]

    run(scenario())


def test_what_comes_while_the_first_number_is_read_is_not_lost(source: Source) -> None:
    async def scenario() -> None:
        source.add(2)
        hub = Hub()
        pending: list[asyncio.Task[None]] = []

        def meanwhile() -> None:
            source.before_last = None
            pending.append(asyncio.get_running_loop().create_task(hub._receive(wire(source.add()[0]))))

        source.before_last = meanwhile
        socket = await joined(hub, source)
        await asyncio.gather(*pending)
        assert queued(socket) == [("last", 2), 3]

    run(scenario())


def test_what_comes_while_catching_up_comes_once_and_in_order(source: Source) -> None:
    async def scenario() -> None:
        hub = Hub()
        await joined(hub, source, "first")
        messages = source.add(2)
        for message in messages:
            await hub._receive(wire(message))
        late = Socket("ada")
        join = asyncio.create_task(hub.join(late, source, TOPIC, TOPIC, 0))
        await asyncio.sleep(0)
        await hub._receive(wire(source.add()[0]))
        await join
        assert queued(late) == [("last", 2), 1, 2, 3]

    run(scenario())


def test_a_slow_client_is_dropped_without_a_hole(source: Source) -> None:
    async def scenario() -> None:
        hub = Hub()
        slow, quick = await joined(hub, source), await joined(hub, source)
        got = queued(quick)
        for message in source.add(QUEUE_SIZE + 10):
            await hub._receive(wire(message))
            got += queued(quick)
        assert got == [("last", 0), *range(1, QUEUE_SIZE + 11)]
        assert slow.dropped
        assert queued(slow) == [("last", 0), *range(1, QUEUE_SIZE), None]
        # Back again, it goes on where it stopped.
        back = await joined(hub, source, after=QUEUE_SIZE - 1)
        assert queued(back) == [("last", QUEUE_SIZE + 10), *range(QUEUE_SIZE, QUEUE_SIZE + 11)]

    run(scenario())


def test_a_scope_reaches_only_whom_it_names(source: Source) -> None:
    async def scenario() -> None:
        hub = Hub()
        ada, zoe = await joined(hub, source, "ada"), await joined(hub, source, "zoe")
        for message in (*source.add(only="ada"), *source.add(), *source.add(only="zoe")):
            await hub._receive(wire(message))
        assert (queued(ada), queued(zoe)) == ([("last", 0), 1, 2], [("last", 0), 2, 3])
        again = await joined(hub, source, "zoe", after=0)
        assert queued(again) == [("last", 3), 2, 3]

    run(scenario())


def test_who_has_left_hears_nothing(source: Source) -> None:
    async def scenario() -> None:
        hub = Hub()
        socket = await joined(hub, source)
        hub.disconnect(socket)
        await hub._receive(wire(source.add()[0]))
        assert queued(socket) == [("last", 0)]
        assert (hub._by_topic, hub._last, hub._gap_locks) == ({}, {}, {})

    run(scenario())


def test_a_change_of_roles_asks_only_that_person(source: Source) -> None:
    class Person:
        def __init__(self, user_id: int) -> None:
            self.user_id = user_id

    async def scenario() -> None:
        hub = Hub()
        sockets = [Socket(Person(1)), Socket(Person(2))]
        hub._sockets.update(sockets)
        await hub._receive(orjson.dumps({"control": "recheck", "user": 2}))
        assert [socket.recheck.is_set() for socket in sockets] == [False, True]

    run(scenario())


def test_stored_topics_number_and_replay() -> None:
    for number in range(3):
        publish_entry(topic="feed-test", event="e", data={"n": number}, now=NOW)
    publish_entry(topic="other-test", event="e", data={}, now=NOW)
    assert stored.last_seq("feed-test") == 3
    assert stored.last_seq("nothing") == 0
    assert [(m.seq, m.data) for m in stored.replay("feed-test", 1, 10)] == [(2, {"n": 1}), (3, {"n": 2})]
    assert [m.seq for m in stored.replay("feed-test", 0, 2)] == [1, 2]


def test_one_subscription_brings_it_from_redis(source: Source, settings: Any) -> None:
    import redis.asyncio as aredis

    async def scenario() -> None:
        hub = Hub()
        socket = Socket("ada")
        hub.connect(socket)
        await hub.join(socket, source, TOPIC, TOPIC, None)
        client = aredis.Redis.from_url(settings.CELERY_BROKER_URL)
        message = wire(source.add()[0])
        async with asyncio.timeout(5):
            assert orjson.loads(await socket.queue.get() or "")["subscribed"]
            while not await client.publish(CHANNEL, message):
                await asyncio.sleep(0.01)
            assert orjson.loads(await socket.queue.get() or "")["seq"] == 1
        await client.aclose()
        assert hub._task is not None
        hub._task.cancel()
        await asyncio.gather(hub._task, return_exceptions=True)

    run(scenario())

"""One hub per web process: one Redis subscription in, bounded queues out.

Sequence numbers of a topic rise by one. When the hub sees a jump, or Redis was away, it reads the
gap from the database, so that sockets miss nothing; a client too slow for its queue is dropped and
catches up when it comes back.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson
import redis.asyncio as aredis
import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections
from redis.exceptions import RedisError

from core.live.presence import REPEAT_SECONDS, Presence
from core.live.publishing import CHANNEL
from core.live.topics import Message, TopicSource, source_of

log = structlog.get_logger("watchbill.live")
T = TypeVar("T")

QUEUE_SIZE = 256
REPLAY_LIMIT = 500
_executor = concurrent.futures.ThreadPoolExecutor(max_workers=4, thread_name_prefix="live")


async def in_thread(function: Callable[..., T], *args: Any) -> T:
    """Run database code in the live executor; its connection goes back to the pool afterwards."""

    def call() -> T:
        try:
            return function(*args)
        finally:
            close_old_connections()

    return await sync_to_async(call, thread_sensitive=False, executor=_executor)()


@dataclass(eq=False)
class Socket:
    """One connected client as the hub sees it. `topics`: stored topic → name the client used."""

    actor: Any
    queue: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)
    topics: dict[str, str] = field(default_factory=dict)
    buffering: dict[str, list[Message]] = field(default_factory=dict)
    recheck: asyncio.Event = field(default_factory=asyncio.Event)
    dropped: bool = False

    def offer(self, text: str) -> None:
        """Queue without waiting. A full queue drops the client: what is queued still goes out, in order
        and without a hole, and then the end, so that it can go on from the last number it saw.
        """
        if self.dropped:
            return
        if self.queue.qsize() >= QUEUE_SIZE:
            self.dropped = True
            self.queue.put_nowait(None)
            return
        self.queue.put_nowait(text)


class Hub:
    def __init__(self) -> None:
        self._by_topic: dict[str, set[Socket]] = {}
        self._sockets: set[Socket] = set()
        self._last: dict[str, int] = {}
        self._task: asyncio.Task[None] | None = None
        self._gap_locks: dict[str, asyncio.Lock] = {}
        self._early: set[str] = set()
        self.presence = Presence()
        self._repeating: asyncio.Task[None] | None = None

    def connect(self, socket: Socket) -> None:
        self._sockets.add(socket)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen())
        if self._repeating is None or self._repeating.done():
            self._repeating = asyncio.create_task(self._repeat())

    async def _repeat(self) -> None:
        """Presence is said again and again, so that a process that has died is forgotten."""
        while True:
            await asyncio.sleep(REPEAT_SECONDS)
            self.presence.repeat()

    def disconnect(self, socket: Socket) -> None:
        self._sockets.discard(socket)
        for topic in list(socket.topics):
            self.leave(socket, topic)

    def leave(self, socket: Socket, topic: str) -> None:
        self.presence.leave(socket, topic)
        socket.topics.pop(topic, None)
        socket.buffering.pop(topic, None)
        listeners = self._by_topic.get(topic)
        if listeners is not None:
            listeners.discard(socket)
            if not listeners:
                self._by_topic.pop(topic, None)
                self._last.pop(topic, None)
                self._gap_locks.pop(topic, None)
                self._early.discard(topic)

    async def join(
        self, socket: Socket, source: TopicSource, topic: str, name: str, after: int | None
    ) -> int:
        """Subscribe: buffer what arrives, read the database after `after`, then flush what is newer.

        Sends the catch-up itself; returns the topic's last sequence number at that moment.
        """
        socket.topics[topic] = name
        socket.buffering[topic] = []
        self._by_topic.setdefault(topic, set()).add(socket)
        last = await in_thread(source.last, topic)
        self._last.setdefault(topic, last)
        if topic in self._early:
            # Something came while the first number was being read, and had nothing to be compared with.
            self._early.discard(topic)
            await self._fill_gap(topic)
        missed: list[Message] = []
        if after is not None and after < last:
            missed = await in_thread(source.replay, topic, after, REPLAY_LIMIT)
        socket.offer(orjson.dumps({"topic": name, "subscribed": True, "last": last}).decode())
        sent = after if after is not None else last
        for message in [*missed, *socket.buffering.pop(topic, [])]:
            if message.seq > sent or message.edited:
                self._give(socket, source, message)
                sent = max(sent, message.seq)
        return last

    def _give(self, socket: Socket, source: TopicSource, message: Message, text: str | None = None) -> None:
        if not source.may_receive(socket.actor, message.scope):
            return
        name = socket.topics.get(message.topic, message.topic)
        if name != message.topic:
            text = None
            message = Message(
                topic=name, seq=message.seq, event=message.event, data=message.data, html=message.html
            )
        socket.offer(text or message.wire())

    async def _listen(self) -> None:
        """Keep one subscription alive; after each (re)connect read what was missed."""
        while True:
            try:
                client = aredis.Redis.from_url(settings.CELERY_BROKER_URL, socket_connect_timeout=2)
                async with client, client.pubsub() as pubsub:
                    await pubsub.subscribe(CHANNEL)
                    await self._catch_up_all()
                    async for raw in pubsub.listen():
                        if raw.get("type") == "message":
                            await self._receive(raw["data"])
            except (RedisError, OSError) as error:
                log.warning("live subscription lost", error=str(error))
                await self._poll_while_away()

    async def _poll_while_away(self) -> None:
        """Without Redis the database is asked once a second, so live goes on, slower."""
        await asyncio.sleep(1)
        await self._catch_up_all()

    async def _catch_up_all(self) -> None:
        for topic in list(self._last):
            await self._fill_gap(topic)

    async def _receive(self, body: bytes) -> None:
        decoded = orjson.loads(body)
        if decoded.get("control") == "presence":
            self.presence.heard(decoded)
            return
        if "control" in decoded:
            if "topic" in decoded:
                asked = list(self._by_topic.get(decoded["topic"], ()))
            else:
                asked = [socket for socket in self._sockets if socket.actor.user_id == decoded["user"]]
            for socket in asked:
                socket.recheck.set()
            return
        message = Message(**decoded)
        last = self._last.get(message.topic)
        if last is None:
            if message.topic in self._by_topic:
                self._early.add(message.topic)
            return
        if message.seq == last + 1 or (message.edited and message.seq <= last):
            self._deliver(message)
        elif message.seq > last:
            await self._fill_gap(message.topic)

    async def _fill_gap(self, topic: str) -> None:
        source = source_of(topic)
        if source is None:
            return
        async with self._gap_locks.setdefault(topic, asyncio.Lock()):
            last = self._last.get(topic)
            if last is None:
                return
            for message in await in_thread(source.replay, topic, last, REPLAY_LIMIT):
                self._deliver(message)

    def _deliver(self, message: Message) -> None:
        source = source_of(message.topic)
        if source is None:
            return
        self._last[message.topic] = max(self._last.get(message.topic, 0), message.seq)
        text = message.wire()
        for socket in list(self._by_topic.get(message.topic, ())):
            buffer = socket.buffering.get(message.topic)
            if buffer is not None:
                buffer.append(message)
            else:
                self._give(socket, source, message, text)


_hubs: dict[int, Hub] = {}


def hub() -> Hub:
    """The hub of the running event loop (one per web process)."""
    loop = asyncio.get_running_loop()
    return _hubs.setdefault(id(loop), Hub())

"""The one socket consumer: `/ws/`. Protocol: docs/api.md, section Live."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import orjson
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth.models import AnonymousUser

from core.live import topics
from core.live.hub import Hub, Socket, hub, in_thread
from teams.actor import Actor, actor_for
from teams.models import User
from teams.selectors import token_by_secret

MAX_TOPICS = 50
MAX_MESSAGE = 4096
CLOSE_UNAUTHENTICATED = 4401
CLOSE_BAD_MESSAGE = 4400


class LiveConsumer(AsyncWebsocketConsumer):
    """Subscribes one client to topics it may listen to and forwards what the hub gives it."""

    async def connect(self) -> None:
        self.socket: Socket | None = None
        self.tasks: list[asyncio.Task[None]] = []
        bearer, protocol = _bearer(self.scope)
        actor = await in_thread(_actor, bearer, self.scope.get("user"), self.scope)
        if actor is None:
            await self.accept(protocol)
            await self.close(CLOSE_UNAUTHENTICATED)
            return
        await self.accept(protocol)
        self.hub: Hub = hub()
        self.socket = Socket(actor)
        self.secret = bearer
        self.hub.connect(self.socket)
        self.tasks = [asyncio.create_task(self._write()), asyncio.create_task(self._recheck())]

    async def disconnect(self, code: int) -> None:
        if self.socket is not None:
            self.hub.disconnect(self.socket)
        for task in self.tasks:
            task.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.socket is None:
            return
        try:
            if text_data is None or len(text_data) > MAX_MESSAGE:
                raise ValueError
            message = orjson.loads(text_data)
            if not isinstance(message, dict):
                raise ValueError
        except ValueError:
            await self.close(CLOSE_BAD_MESSAGE)
            return
        if "subscribe" in message:
            await self._subscribe(message["subscribe"], message.get("after"))
        elif "presence" in message:
            self._show_presence(message["presence"])
        elif "unsubscribe" in message:
            self._unsubscribe(message["unsubscribe"])
        else:
            self.socket.offer(orjson.dumps({"error": "unknown_message"}).decode())

    async def _subscribe(self, name: Any, after: Any) -> None:
        assert self.socket is not None
        parsed = topics.parse(name)
        wanted = after if isinstance(after, int) and not isinstance(after, bool) and after >= 0 else None
        if parsed is None or len(self.socket.topics) >= MAX_TOPICS:
            self._refuse(str(name)[:100])
            return
        source, key = parsed
        if not await in_thread(source.may_listen, self.socket.actor, key):
            self._refuse(name)
            return
        topic = source.topic_for(self.socket.actor, key)
        await self.hub.join(self.socket, source, topic, name, wanted)

    def _show_presence(self, name: Any) -> None:
        """Be seen by, and see, the people at a topic this socket listens to already. People alone are shown."""
        assert self.socket is not None
        actor = self.socket.actor
        for topic, used in self.socket.topics.items():
            if used == name and actor.user_id is not None and actor.token_id is None:
                self.hub.presence.join(self.socket, topic, (actor.user_id, actor.label))
                return
        self._refuse(str(name)[:100])

    def _refuse(self, name: str) -> None:
        assert self.socket is not None
        self.socket.offer(orjson.dumps({"topic": name, "error": "forbidden"}).decode())

    def _unsubscribe(self, name: Any) -> None:
        assert self.socket is not None
        for topic, used in list(self.socket.topics.items()):
            if used == name:
                self.hub.leave(self.socket, topic)
                self.socket.offer(orjson.dumps({"topic": name, "unsubscribed": True}).decode())

    async def _write(self) -> None:
        assert self.socket is not None
        while True:
            text = await self.socket.queue.get()
            if text is None:
                await self.close(1013)
                return
            with contextlib.suppress(RuntimeError):
                await self.send(text_data=text)

    async def _recheck(self) -> None:
        """When the person's roles change: load them anew and drop the topics no longer allowed."""
        assert self.socket is not None
        while True:
            await self.socket.recheck.wait()
            self.socket.recheck.clear()
            actor = await in_thread(_reload, self.secret, self.socket.actor)
            if actor is None:
                await self.close(CLOSE_UNAUTHENTICATED)
                return
            self.socket.actor = actor
            for topic, name in list(self.socket.topics.items()):
                parsed = topics.parse(name)
                if parsed is None or not await in_thread(parsed[0].may_listen, actor, parsed[1]):
                    self.hub.leave(self.socket, topic)
                    self.socket.offer(orjson.dumps({"topic": name, "revoked": True}).decode())


def _bearer(scope: Any) -> tuple[str | None, str | None]:
    """The token from subprotocols `bearer, <token>` or the header; and the subprotocol to echo."""
    offered = scope.get("subprotocols") or []
    if len(offered) >= 2 and offered[0] == "bearer":
        return offered[1], "bearer"
    for name, value in scope.get("headers", []):
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return value[7:].decode("latin-1").strip(), None
    return None, None


def _actor(secret: str | None, user: Any, scope: Any) -> Actor | None:
    if secret is not None:
        token = token_by_secret(secret)
        return actor_for(token.user, via="api", token=token) if token and "read" in token.scopes else None
    if user is None or isinstance(user, AnonymousUser) or not user.is_active:
        return None
    return actor_for(user) if scope.get("origin_ok") else None


def _reload(secret: str | None, actor: Actor) -> Actor | None:
    if secret is not None:
        return _actor(secret, None, {})
    user = User.objects.filter(pk=actor.user_id, is_active=True).first()
    return actor_for(user) if user else None

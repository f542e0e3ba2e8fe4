"""The live topic `me`: what concerns one person alone."""

from __future__ import annotations

from typing import Any

from core.live import stored, topics
from core.live.topics import Message
from teams.actor import Actor


class MeTopic:
    """`me` is stored as `user:<id>`; nobody else can name it."""

    def may_listen(self, actor: Actor, key: str) -> bool:
        return key == "" and actor.user_id is not None

    def topic_for(self, actor: Actor, key: str) -> str:
        return f"user:{actor.user_id}"

    def last(self, topic: str) -> int:
        return stored.last_seq(topic)

    def replay(self, topic: str, after: int, limit: int) -> list[Message]:
        return stored.replay(topic, after, limit)

    def may_receive(self, actor: Actor, scope: dict[str, Any]) -> bool:
        return actor.user_id is not None and scope.get("user") == actor.user_id


def register() -> None:
    """Called from `AppConfig.ready()`."""
    topics.register("me", MeTopic())

"""The registry of topics. Each app's `live.py` registers how its topics are authorised and replayed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

_NAME = re.compile(r"^(?P<prefix>[a-z]+)(?::(?P<key>[a-z0-9_-]{1,80}))?$")


@dataclass(frozen=True)
class Message:
    """One live message. `scope` limits receivers and never leaves the server."""

    topic: str
    seq: int
    event: str
    data: dict[str, Any] = field(default_factory=dict)
    html: str = ""
    scope: dict[str, Any] = field(default_factory=dict)
    edited: bool = False

    def wire(self) -> str:
        """The JSON text a client receives: `{topic, seq, event, data, html?}`."""
        body: dict[str, Any] = {"topic": self.topic, "seq": self.seq, "event": self.event, "data": self.data}
        if self.html:
            body["html"] = self.html
        return orjson.dumps(body).decode()


class TopicSource(Protocol):
    """How one kind of topic (its `prefix`) works. Called from threads, with database access."""

    def may_listen(self, actor: Any, key: str) -> bool:
        """Whether the actor may subscribe to `prefix:key` now."""

    def topic_for(self, actor: Any, key: str) -> str:
        """The stored topic behind the name (`me` is `user:3`)."""

    def last(self, topic: str) -> int:
        """The last sequence number given out, 0 when none."""

    def replay(self, topic: str, after: int, limit: int) -> list[Message]:
        """Messages with `seq > after`, oldest first, at most `limit`."""

    def may_receive(self, actor: Any, scope: dict[str, Any]) -> bool:
        """Whether a message of this scope may go to this actor. Pure: no database."""


_sources: dict[str, TopicSource] = {}


def register(prefix: str, source: TopicSource) -> None:
    """Called from `AppConfig.ready()`."""
    _sources[prefix] = source


def parse(name: object) -> tuple[TopicSource, str] | None:
    """The source and key of a topic name; None for anything that is no topic."""
    match = _NAME.match(name) if isinstance(name, str) else None
    source = _sources.get(match["prefix"]) if match else None
    return (source, match["key"] or "") if match and source else None


def source_of(topic: str) -> TopicSource | None:
    """The source that owns a stored topic."""
    prefix = topic.partition(":")[0]
    return _sources.get("me" if prefix == "user" else prefix)

"""Who has a page open right now. Nothing is stored: each web process tells the others whom it serves.

A process says its whole list for a topic when it changes, when another one asks, and every few seconds;
what was not repeated for a while is gone, so a process that dies leaves nobody behind. Without Redis one
sees the people of one's own process.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from core.live.publishing import CHANNEL
from core.wakeup import broadcast

if TYPE_CHECKING:
    from core.live.hub import Socket

REPEAT_SECONDS = 20.0
FORGET_SECONDS = 50.0
MOST_PEOPLE = 50
Person = tuple[int, str]


@dataclass
class _Room:
    """One topic: own sockets, what other processes said and when, and what was told last."""

    own: dict[Socket, Person] = field(default_factory=dict)
    others: dict[str, tuple[list[Person], float]] = field(default_factory=dict)
    told: list[Person] | None = None


class Presence:
    """Of one hub. `say` hands a message to all processes; `clock` is monotonic, in seconds."""

    def __init__(
        self,
        say: Callable[[bytes], Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._me = uuid.uuid4().hex
        self._rooms: dict[str, _Room] = {}
        self._say = say or _broadcast
        self._clock = clock

    def join(self, socket: Socket, topic: str, person: Person) -> None:
        """Show the socket's person to all who look at the topic, and those to the socket."""
        room = self._rooms.setdefault(topic, _Room())
        room.own[socket] = person
        room.told = None
        self._announce(topic, room, ask=True)
        self._tell(topic, room)

    def leave(self, socket: Socket, topic: str) -> None:
        """The socket no longer looks at the topic."""
        room = self._rooms.get(topic)
        if room is None or room.own.pop(socket, None) is None:
            return
        self._announce(topic, room)
        self._tell(topic, room)
        if not room.own:
            del self._rooms[topic]

    def heard(self, message: dict[str, Any]) -> None:
        """Another process said whom it serves."""
        room = self._rooms.get(message["topic"])
        if room is None or message["from"] == self._me:
            return
        people = [(int(pk), str(name)) for pk, name in message["people"]]
        room.others[message["from"]] = (people, self._clock())
        if message.get("ask"):
            self._announce(message["topic"], room)
        self._tell(message["topic"], room)

    def repeat(self) -> None:
        """Say all lists once more, and forget who was not heard of for too long."""
        deadline = self._clock() - FORGET_SECONDS
        for topic, room in list(self._rooms.items()):
            room.others = {name: row for name, row in room.others.items() if row[1] > deadline}
            self._announce(topic, room)
            self._tell(topic, room)

    def _announce(self, topic: str, room: _Room, *, ask: bool = False) -> None:
        people = sorted(set(room.own.values()))
        body = {"control": "presence", "topic": topic, "from": self._me, "people": people, "ask": ask}
        self._say(orjson.dumps(body))

    def _tell(self, topic: str, room: _Room) -> None:
        everybody = set(room.own.values())
        for people, _at in room.others.values():
            everybody.update(people)
        found = sorted({pk: (pk, name) for pk, name in everybody}.values(), key=lambda row: (row[1], row[0]))
        found = found[:MOST_PEOPLE]
        if found == room.told:
            return
        room.told = found
        data = {"people": [{"id": pk, "name": name} for pk, name in found]}
        for socket in room.own:
            name = socket.topics.get(topic, topic)
            socket.offer(orjson.dumps({"topic": name, "event": "presence", "data": data}).decode())


def _broadcast(body: bytes) -> None:
    """Publishing waits for Redis up to 100 ms, so it happens beside the loop."""
    asyncio.get_running_loop().run_in_executor(None, broadcast, CHANNEL, body)

"""Who has a page open: told to those who look at the same, gone with the socket or the process."""

from __future__ import annotations

from typing import Any

import orjson

from core.live.hub import Socket
from core.live.presence import FORGET_SECONDS, Presence

TOPIC = "incident:42"


class Processes:
    """Web processes that hear each other, and a clock."""

    def __init__(self, count: int) -> None:
        self.now = 0.0
        self.cut: set[int] = set()
        self.all = [Presence(say=self._from(number), clock=lambda: self.now) for number in range(count)]

    def _from(self, number: int) -> Any:
        def say(body: bytes) -> None:
            if number not in self.cut:
                for other, presence in enumerate(self.all):
                    if other not in self.cut:
                        presence.heard(orjson.loads(body))

        return say

    def join(self, process: int, pk: int, name: str) -> Socket:
        socket = Socket(actor=None, topics={TOPIC: TOPIC})
        self.all[process].join(socket, TOPIC, (pk, name))
        return socket


def seen(socket: Socket) -> list[list[str]]:
    """The lists of names this socket was sent, in order."""
    found = []
    while not socket.queue.empty():
        message = orjson.loads(socket.queue.get_nowait() or b"{}")
        assert (message["topic"], message["event"], "seq" in message) == (TOPIC, "presence", False)
        found.append([person["name"] for person in message["data"]["people"]])
    return found


def test_people_of_all_processes_see_each_other() -> None:
    web = Processes(2)
    ada, bo = web.join(0, 1, "Ada"), web.join(1, 2, "Bo")
    assert (seen(ada)[-1], seen(bo)[-1]) == (["Ada", "Bo"], ["Ada", "Bo"])
    web.all[1].leave(bo, TOPIC)
    assert seen(ada) == [["Ada"]]


def test_two_tabs_are_one_person() -> None:
    web = Processes(2)
    ada, _second = web.join(0, 1, "Ada"), web.join(1, 1, "Ada")
    bo = web.join(0, 2, "Bo")
    assert (seen(ada)[-1], seen(bo)[-1]) == (["Ada", "Bo"], ["Ada", "Bo"])


def test_a_process_that_died_is_forgotten() -> None:
    web = Processes(2)
    ada, _bo = web.join(0, 1, "Ada"), web.join(1, 2, "Bo")
    web.cut.add(1)
    web.now = FORGET_SECONDS - 1
    web.all[0].repeat()
    assert seen(ada)[-1] == ["Ada", "Bo"]
    web.now = FORGET_SECONDS + 1
    web.all[0].repeat()
    assert seen(ada) == [["Ada"]]


def test_nothing_is_said_twice_and_other_topics_hear_nothing() -> None:
    web = Processes(2)
    ada = web.join(0, 1, "Ada")
    other = Socket(actor=None, topics={"incident:7": "incident:7"})
    web.all[1].join(other, "incident:7", (2, "Bo"))
    seen(ada)
    for _again in range(3):
        web.all[0].repeat()
        web.all[1].repeat()
    assert seen(ada) == []


def test_leaving_twice_or_without_having_come_is_nothing() -> None:
    web = Processes(1)
    ada = web.join(0, 1, "Ada")
    web.all[0].leave(ada, TOPIC)
    web.all[0].leave(ada, TOPIC)
    web.all[0].leave(Socket(actor=None), "incident:9")
    assert seen(ada) == [["Ada"]]

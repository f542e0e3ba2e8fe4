"""Higher rooms link things to issues; they say so here, and are told what comes in."""

from __future__ import annotations

from typing import Protocol

from incidents.trackers.base import HookNews


class Listener(Protocol):
    """`heard` runs in the transaction that takes the webhook; `leaving` in the one that removes the connection."""

    def heard(self, connection_id: int, tracker: str, news: HookNews) -> None:
        """Something was said about an issue, linked or not."""

    def linked(self, connection_ids: list[int]) -> dict[int, int]:
        """How many issues are linked through each connection."""

    def leaving(self, connection_id: int) -> None:
        """The connection is about to be removed."""

    def changed(self, connection_id: int) -> None:
        """Its settings were changed: what waits may be tried again."""


_listeners: list[Listener] = []


def register_listener(listener: Listener) -> None:
    """Called from `AppConfig.ready()`."""
    _listeners.append(listener)


def listeners() -> list[Listener]:
    return list(_listeners)


def linked(connection_ids: list[int]) -> dict[int, int]:
    """Connection → how many issues are linked through it, by all listeners."""
    total = dict.fromkeys(connection_ids, 0)
    for listener in _listeners:
        for pk, count in listener.linked(connection_ids).items():
            total[pk] += count
    return total

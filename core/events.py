"""Publishing and subscribing to facts (the event outbox).

An action calls `publish` inside its transaction. `core.relay` later runs each subscriber in a
savepoint (with a receipt when another fails), in order within a stream, exactly once for what it writes here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import msgspec

from core.wakeup import wake


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all events: frozen dataclasses of primitives. `kind` is unique, e.g. `incident.declared`."""

    kind: ClassVar[str]

    @property
    def stream(self) -> str:
        """What this event must stay in order with, e.g. `incident:42`."""
        raise TypeError(f"{type(self).__name__} has no stream")


E = TypeVar("E", bound=Event)
Handler = Callable[[Any], None]

_classes: dict[str, type[Event]] = {}
_subscribers: dict[str, dict[str, Handler]] = {}


def subscribe(event_class: type[E], *, name: str) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Register a handler. `name` is stored in receipts, so it must never change meaning."""

    def register(handler: Callable[[E], None]) -> Callable[[E], None]:
        known = _subscribers.setdefault(event_class.kind, {})
        if known.get(name) not in (None, handler):
            raise ValueError(f"Two subscribers called {name!r} for {event_class.kind}.")
        known[name] = handler
        _classes[event_class.kind] = event_class
        return handler

    return register


def subscribers(kind: str) -> dict[str, Handler]:
    """Subscriber name → handler for events of this kind."""
    return _subscribers.get(kind, {})


def decode(kind: str, payload: dict[str, Any]) -> Event:
    """Rebuild the event; `msgspec.ValidationError` when the stored payload does not fit."""
    return msgspec.convert(payload, _classes[kind])


def publish(*events: Event) -> None:
    """Write the events to the outbox; must be called inside the transaction that makes them true."""
    from core.models import OutboxEvent

    rows = [
        OutboxEvent(stream=event.stream, kind=event.kind, payload=msgspec.to_builtins(event))
        for event in events
        if _subscribers.get(event.kind)
    ]
    if rows:
        OutboxEvent.objects.bulk_create(rows)
        wake("core.relay")

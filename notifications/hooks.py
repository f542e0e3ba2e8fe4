"""What higher apps tell about the outgoing webhooks they feed."""

from __future__ import annotations

from collections.abc import Iterable

_events: list[str] = []


def register_webhook_events(names: Iterable[str]) -> None:
    """Called from `AppConfig.ready()`: event names that a subscription may choose."""
    _events.extend(name for name in names if name not in _events)


def webhook_events() -> list[str]:
    """The names known, in the order they were registered."""
    return list(_events)

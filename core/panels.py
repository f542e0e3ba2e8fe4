"""A page of one app may show something of a higher one, by address: the registry of such panels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Panel:
    """A part of a page that is fetched by GET. `url` is complete, `title` translated."""

    name: str
    title: str
    url: str
    icon: str


@dataclass(frozen=True)
class _Entry:
    name: str
    title: Any
    url: Callable[..., str]
    icon: str


_slots: dict[str, dict[str, _Entry]] = {}


def register(slot: str, name: str, *, title: Any, url: Callable[..., str], icon: str = "panel-right") -> None:
    """Add a panel to a slot (`incident`, `service`). `url` gets the slot's keyword arguments."""
    _slots.setdefault(slot, {})[name] = _Entry(name, title, url, icon)


def panels(slot: str, **kwargs: Any) -> list[Panel]:
    """The panels of a slot for one object, in the order of registration."""
    return [
        Panel(entry.name, str(entry.title), entry.url(**kwargs), entry.icon)
        for entry in _slots.get(slot, {}).values()
    ]

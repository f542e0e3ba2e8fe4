"""The rows a new installation begins with. A room that ships some says how to write them anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Filler = Callable[[Any], None]
_fillers: dict[str, Filler] = {}


def register(app_label: str, filler: Filler) -> None:
    """`filler(apps)` makes the rows of one app that are missing; called in `AppConfig.ready()`, one an app."""
    _fillers[app_label] = filler


def fill(apps: Any) -> None:
    """Make all shipped rows that are missing, those of lower rooms first. `apps`: a registry of models."""
    for filler in _fillers.values():
        filler(apps)

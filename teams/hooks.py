"""What a leaving person still holds, and who takes it. Higher apps register one provider for each kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from teams.actor import Actor


@dataclass(frozen=True)
class HandoverItem:
    """Something to hand over, e.g. `("shifts", "Shifts in Payments primary", 3)`.

    `kind` is the provider's; `label` is shown to the admin, `count` tells how many there are.
    """

    kind: str
    label: str
    count: int


class HandoverProvider(Protocol):
    """One kind of thing people hold. `kind` is a stable word, `question` what the admin is asked."""

    @property
    def kind(self) -> str: ...

    @property
    def question(self) -> str: ...

    def list(self, user_id: int) -> Sequence[HandoverItem]:
        """What the person holds now; empty when nothing. A bounded number of statements."""

    def hand_over(self, user_id: int, successor_id: int, actor: Actor, now: dt.datetime) -> None:
        """Move all of it, in the caller's transaction. Afterwards `list` must be empty."""


_providers: dict[str, HandoverProvider] = {}


def register_handover(provider: HandoverProvider) -> None:
    """Called from `AppConfig.ready()`; the same kind again replaces."""
    _providers[provider.kind] = provider


def providers() -> list[HandoverProvider]:
    """All providers, in the order they registered."""
    return list(_providers.values())


def held_by(user_id: int) -> dict[str, list[HandoverItem]]:
    """Kind → what the person holds of it; kinds without anything are left out."""
    found = {provider.kind: list(provider.list(user_id)) for provider in providers()}
    return {kind: items for kind, items in found.items() if items}


def question(kind: str) -> str:
    """What to ask the admin about this kind."""
    return _providers[kind].question

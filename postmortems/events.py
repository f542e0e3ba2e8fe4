from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True, kw_only=True)
class ActionItemChanged(Event):
    """An action item was made or changed. `what`: created, changed, drop, snooze, note, target, handed_over."""

    kind: ClassVar[str] = "action_item.changed"
    item_id: int
    what: str
    actor_id: int | None = None

    @property
    def stream(self) -> str:
        return f"action_item:{self.item_id}"

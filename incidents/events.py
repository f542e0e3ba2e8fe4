from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from core.events import Event


@dataclass(frozen=True, kw_only=True)
class TimelineWritten(Event):
    """A timeline entry was added or changed. `edited`: the entry had been there before."""

    kind: ClassVar[str] = "incident.timeline"
    number: int
    seq: int
    entry_kind: str
    edited: bool = False

    @property
    def stream(self) -> str:
        return f"incident:{self.number}"


@dataclass(frozen=True, kw_only=True)
class IncidentChanged(Event):
    """Something others act on. `what`: declared, acknowledged, status, severity, role, update, merged,
    unmerged, visibility, details, update_proposed, update_rejected, report, question, customers.
    `data` holds `old` and `new` where there are such things."""

    kind: ClassVar[str] = "incident.changed"
    number: int
    what: str
    team_id: int | None
    actor_id: int | None = None
    actor_label: str = ""
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def stream(self) -> str:
        return f"incident:{self.number}"

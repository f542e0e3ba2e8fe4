from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True, kw_only=True)
class NoticeSaid(Event):
    """Customers read something new about a notice that belongs to an incident."""

    kind: ClassVar[str] = "statuspage.said"
    number: int
    page: str
    title: str
    status: str
    path: str

    @property
    def stream(self) -> str:
        return f"incident:{self.number}"

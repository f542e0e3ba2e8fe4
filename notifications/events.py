"""Facts about deliveries. Published only for deliveries that are about something (`subject_key`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True, kw_only=True)
class DeliveryEvent(Event):
    """What the three have in common. `address_hint` is shortened for the eyes of others."""

    delivery_id: int
    subject_key: str
    source: str
    user_id: int | None
    user_label: str
    channel: str
    address_hint: str
    category: str
    detail: str

    @property
    def stream(self) -> str:
        return self.subject_key or f"delivery:{self.delivery_id}"


@dataclass(frozen=True, kw_only=True)
class DeliverySent(DeliveryEvent):
    """The provider has accepted the message."""

    kind: ClassVar[str] = "delivery.sent"


@dataclass(frozen=True, kw_only=True)
class DeliveryFailed(DeliveryEvent):
    """The message did not get through; `detail` says why and what happens instead."""

    kind: ClassVar[str] = "delivery.failed"


@dataclass(frozen=True, kw_only=True)
class DeliveryUnknown(DeliveryEvent):
    """The sender died between call and record; the same message goes out once more."""

    kind: ClassVar[str] = "delivery.unknown"

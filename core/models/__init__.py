from core.models.events import EventReceipt, OutboxEvent
from core.models.idempotency import IdempotentRequest
from core.models.live import LiveEntry, LiveTopic

__all__ = ["EventReceipt", "IdempotentRequest", "LiveEntry", "LiveTopic", "OutboxEvent"]

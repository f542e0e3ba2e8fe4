"""From stored intake items to alerts and incidents."""

from alerts.processing.worker import process_intake

__all__ = ["process_intake"]

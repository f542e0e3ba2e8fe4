"""From stored intake items to alerts and incidents."""

from alerts.processing.due import place_due
from alerts.processing.worker import process_intake

__all__ = ["place_due", "process_intake"]

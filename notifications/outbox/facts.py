"""Publishing what became of deliveries, and counting it."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

from core.events import publish
from notifications.choices import DeliveryStatus
from notifications.events import DeliveryEvent, DeliveryFailed, DeliverySent, DeliveryUnknown
from notifications.models import Delivery

OUTCOMES = Counter(
    "watchbill_deliveries_total", "Deliveries by what became of them", ["channel", "category", "outcome"]
)
LATE = Histogram(
    "watchbill_delivery_lateness_seconds",
    "How long after its due time a page was accepted",
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300),
)


def sent(row: Delivery, detail: str) -> None:
    """Accepted by the provider; a bundle speaks for the pages inside."""
    OUTCOMES.labels(row.channel, row.category, "sent").inc()
    _publish(DeliverySent, row, detail)


def failed(row: Delivery, detail: str) -> None:
    """Did not get through; `detail` says why and what happens instead."""
    OUTCOMES.labels(row.channel, row.category, "failed").inc()
    _publish(DeliveryFailed, row, detail)


def unknown(row: Delivery) -> None:
    """The outcome of an attempt is not known."""
    OUTCOMES.labels(row.channel, row.category, "unknown").inc()
    _publish(DeliveryUnknown, row, "outcome unknown, sent again")


def _publish(kind: type[DeliveryEvent], row: Delivery, detail: str) -> None:
    rows = [row]
    if row.is_bundle:
        inside = Delivery.objects.filter(bundled_into=row, status=DeliveryStatus.BUNDLED)
        rows = list(inside.select_related("user").order_by("pk"))
    publish(*(_event(kind, each, detail) for each in rows if each.subject_key))


def _event(kind: type[DeliveryEvent], row: Delivery, detail: str) -> DeliveryEvent:
    return kind(
        delivery_id=row.pk,
        subject_key=row.subject_key,
        source=row.source,
        user_id=row.user_id,
        user_label=str(row.user) if row.user else "",
        channel=row.channel,
        address_hint=row.address_hint,
        category=row.category,
        detail=detail,
    )

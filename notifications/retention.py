"""How long deliveries and kept mail stay."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from core import housekeeping
from notifications.models import CapturedMail, Delivery, ProviderEvent


def register() -> None:
    """Tell the hourly housekeeping. Attempts go with their delivery."""
    housekeeping.register("deliveries", old_deliveries)
    housekeeping.register("kept mail", old_mail)
    housekeeping.register("provider callbacks", old_callbacks)


def old_deliveries(now: dt.datetime) -> QuerySet[Any]:
    """Finished longer ago than `KEEP_DELIVERIES_DAYS`."""
    rows: QuerySet[Any] = Delivery.objects.finished_before(
        now - dt.timedelta(days=settings.KEEP_DELIVERIES_DAYS)
    )
    return rows


def old_mail(now: dt.datetime) -> QuerySet[Any]:
    """Kept for `/dev/outbox/` longer ago than `KEEP_MAIL_DAYS`."""
    return CapturedMail.objects.filter(created_at__lt=now - dt.timedelta(days=settings.KEEP_MAIL_DAYS))


def old_callbacks(now: dt.datetime) -> QuerySet[Any]:
    """Taken in longer ago than `KEEP_DELIVERIES_DAYS`; those about a delivery go with it at the latest."""
    return ProviderEvent.objects.filter(
        received_at__lt=now - dt.timedelta(days=settings.KEEP_DELIVERIES_DAYS)
    )

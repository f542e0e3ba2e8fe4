"""Repairing deliveries by hand."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core.errors import Conflict, NotAllowed, NotVisible
from core.wakeup import wake
from notifications.choices import OPEN_STATUSES, Category, DeliveryStatus
from notifications.models import Delivery
from notifications.permissions import may_retry
from teams.actions.audit import record
from teams.actor import Actor

_AGAIN_FOR = {Category.PAGE: dt.timedelta(minutes=30), Category.EVENT: dt.timedelta(hours=48)}


def withdraw_from_person(*, user_id: int, reason: str, now: dt.datetime) -> int:
    """Take back everything that has not left for this person; returns how much."""
    with transaction.atomic():
        rows = Delivery.objects.filter(user_id=user_id, status__in=OPEN_STATUSES).order_by("pk")
        ids = list(
            rows.exclude(category=Category.ACCOUNT)
            .select_for_update(no_key=True)
            .values_list("pk", flat=True)
        )
        return Delivery.objects.filter(pk__in=ids).update(
            status=DeliveryStatus.WITHDRAWN,
            lease_token=None,
            lease_until=None,
            hold_until=None,
            finished_at=now,
            error=reason,
        )


def retry_delivery(*, actor: Actor, delivery_id: int, now: dt.datetime) -> Delivery:
    """Send a failed delivery once more, with the same idempotency key. Admins only; audited."""
    with transaction.atomic():
        rows = Delivery.objects.visible_to(actor).select_for_update(no_key=True)
        row: Delivery | None = rows.filter(pk=delivery_id).first()
        if row is None:
            raise NotVisible
        if not may_retry(actor):
            raise NotAllowed("Only an admin can send a delivery again.")
        if row.status != DeliveryStatus.FAILED:
            raise Conflict("Only a failed delivery can be sent again.", code="not_failed")
        row.status = DeliveryStatus.PENDING
        row.due_at, row.finished_at, row.error, row.provider_id = now, None, "", ""
        row.expires_at = now + _AGAIN_FOR.get(Category(row.category), dt.timedelta(hours=1))
        row.save(update_fields=["status", "due_at", "finished_at", "error", "expires_at", "provider_id"])
        record(
            actor=actor,
            verb="sent again",
            obj_type="delivery",
            obj_id=row.pk,
            label=row.title,
            team_id=row.team_id,
            data={"key": row.key},
        )
        wake("notifications.send_due")
    return row

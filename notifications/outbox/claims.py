"""Taking due deliveries, one at a time. Any number of processes may do so at once."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db import transaction

from core import clock
from notifications.choices import DeliveryStatus, Outcome
from notifications.models import Delivery, DeliveryAttempt
from notifications.outbox import bundles, facts, outcomes, pace

LEASE = dt.timedelta(seconds=15)

_EXPIRED = """
SELECT d.* FROM notifications_delivery d
WHERE d.status = 'sending' AND d.lease_until <= %s
ORDER BY d.lease_until LIMIT 1 FOR NO KEY UPDATE OF d SKIP LOCKED
"""
# An event waits for older ones of its lane; everything else goes as soon as it is due.
_DUE = """
SELECT d.* FROM notifications_delivery d
WHERE d.status = 'pending' AND d.due_at <= %s
  AND (d.category <> 'event' OR NOT EXISTS (
       SELECT 1 FROM notifications_delivery o
       WHERE o.lane = d.lane AND o.id < d.id AND o.status IN ('pending', 'sending')))
ORDER BY d.priority, d.due_at, d.id LIMIT 1 FOR NO KEY UPDATE OF d SKIP LOCKED
"""


@dataclass(frozen=True)
class Claim:
    """A delivery that is ours to send until `until`, by the database clock. `number`: of this attempt."""

    delivery_id: int
    token: uuid.UUID
    number: int
    until: dt.datetime


class Handled:
    """A due delivery was dealt with without sending anything; ask again."""


def claim_next() -> Claim | Handled | None:
    """Take the most urgent due delivery; None when nothing is due. One short transaction."""
    now = clock.database_now()
    with transaction.atomic():
        found = list(Delivery.objects.raw(_EXPIRED, [now])) or list(Delivery.objects.raw(_DUE, [now]))
        if not found:
            return None
        row: Delivery = found[0]
        if row.status == DeliveryStatus.SENDING:
            _lease_ran_out(row, now)
        if row.expires_at is not None and row.expires_at <= now:
            outcomes.expire(row, now)
            return Handled()
        if row.hold_until is not None:
            row = bundles.gather(row, now)
        elif pace.hold_back(row, now):
            return Handled()
        return _take(row, now)


def more_due(now: dt.datetime) -> bool:
    """Whether another sender would find work."""
    return bool(Delivery.objects.due(now).exists())


def _take(row: Delivery, now: dt.datetime) -> Claim:
    """Write lease, token and the attempt; the attempt counts as unknown until somebody says otherwise."""
    token = uuid.uuid4()
    number = row.attempts + 1
    until = now + LEASE
    Delivery.objects.filter(pk=row.pk).update(
        status=DeliveryStatus.SENDING, lease_token=token, lease_until=until, attempts=number, hold_until=None
    )
    DeliveryAttempt.objects.create(delivery_id=row.pk, number=number, started_at=now)
    return Claim(row.pk, token, number, until)


def _lease_ran_out(row: Delivery, now: dt.datetime) -> None:
    """Whoever held it is gone or late; what it did is not known, so the same key goes out once more."""
    DeliveryAttempt.objects.filter(delivery_id=row.pk, number=row.attempts, ended_at=None).update(
        ended_at=now, outcome=Outcome.UNKNOWN, detail="The sender did not report back; sent again."
    )
    if row.expires_at is None or row.expires_at > now:
        facts.unknown(row)

"""Takes in what a provider reports of a message it has: in any order, more than once, early or late."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from notifications import replies
from notifications.choices import Category, DeliveryStatus
from notifications.models import ContactMethod, Delivery, ProviderEvent
from notifications.outbox import facts, outcomes

# A report counts only when it goes further than what was reported of the same message before.
_RANKS = {
    "accepted": 0, "scheduled": 0, "queued": 0, "initiated": 1, "sending": 1, "ringing": 2, "sent": 2,
    "in-progress": 3, "delivered": 5, "read": 6, "completed": 5, "undelivered": 5, "failed": 5, "busy": 5,
    "no-answer": 5, "canceled": 5,
}  # fmt: skip
_ARRIVED = {"delivered", "read", "completed"}
_LOST = {"undelivered", "failed", "busy", "no-answer", "canceled"}

_ON_THE_WAY = {DeliveryStatus.PENDING, DeliveryStatus.SENDING}


def take(
    *, provider: str, message_id: str, status: str, delivery_id: int, reason: str, now: dt.datetime
) -> bool:
    """Record a report and what follows from it; False when it says nothing new.

    A report is proof that the provider has the message: a delivery whose sender has not said so yet (or timed
    out, and waits to try again) counts as sent. A loss sends a page another way, unless somebody answered it
    meanwhile.
    """
    rank = _RANKS.get(status)
    if rank is None:
        return False
    with transaction.atomic():
        rows = Delivery.objects.select_related("user", "method").select_for_update(of=("self",), no_key=True)
        row = rows.filter(pk=delivery_id).first()
        if row is None:
            return False
        before = ProviderEvent.objects.filter(
            provider=provider, delivery=row, key__startswith=f"{message_id}:"
        ).values_list("kind", flat=True)
        known = list(before)
        _event, new = ProviderEvent.objects.get_or_create(
            provider=provider,
            key=f"{message_id}:{status}"[:200],
            defaults={"delivery": row, "kind": status, "detail": reason[:300], "received_at": now},
        )
        if not new or any(_RANKS.get(kind, 0) >= rank for kind in known):
            return False
        _apply(row, message_id, status, reason, now)
    return True


def _apply(row: Delivery, message_id: str, status: str, reason: str, now: dt.datetime) -> None:
    if row.provider_id and row.provider_id != message_id and status not in _ARRIVED:
        # An attempt that seemed lost and was followed by another; the later one decides.
        return
    if row.status in _ON_THE_WAY and row.attempts:
        _sent(row, message_id, now)
    if row.status == DeliveryStatus.SENT and status in _ARRIVED:
        Delivery.objects.filter(pk=row.pk).update(status=DeliveryStatus.DELIVERED, error="")
    elif row.status == DeliveryStatus.SENT and status in _LOST:
        _lost(row, reason, now)


def _sent(row: Delivery, message_id: str, now: dt.datetime) -> None:
    """What its sender would have written. Whoever still holds the lease finds it gone and changes nothing."""
    Delivery.objects.filter(pk=row.pk).update(
        status=DeliveryStatus.SENT,
        lease_token=None,
        lease_until=None,
        hold_until=None,
        sent_at=now,
        finished_at=now,
        provider_id=message_id[:200],
        error="",
    )
    row.status, row.sent_at, row.finished_at, row.provider_id = DeliveryStatus.SENT, now, now, message_id
    row.error = ""
    facts.sent(row, "")


def _lost(row: Delivery, reason: str, now: dt.datetime) -> None:
    """The provider had it and could not hand it over."""
    if row.is_bundle:
        members = list(row.bundle.filter(status=DeliveryStatus.BUNDLED))
        over = [member.pk for member in members if not _open(member)]
        if members and len(over) == len(members):
            return
        # Pages that were answered meanwhile are none of the loss.
        Delivery.objects.filter(pk__in=over).update(
            status=DeliveryStatus.WITHDRAWN, error=reason, finished_at=now
        )
        outcomes.give_up(row, reason, now)
        return
    if row.category == Category.PAGE and not _open(row):
        return
    outcomes.give_up(row, reason, now)


def _open(row: Delivery) -> bool:
    """Whether the page still waits for an answer; pages about nothing do so until they expire."""
    if not row.subject_key or row.user_id is None:
        return row.expires_at is None
    subject = replies.port().describe(subject_key=row.subject_key, user_id=row.user_id)
    return subject is not None and subject.open


def retire_number(*, number: str, channel: str, reason: str, now: dt.datetime) -> int:
    """The owner of a number wants nothing more: switch the methods off; returns how many."""
    methods = ContactMethod.objects.filter(channel=channel, address=number, disabled_at=None)
    return methods.update(disabled_at=now, last_failure=reason)


def restore_number(*, number: str, channel: str, reason: str) -> int:
    """The owner wants messages again: what was switched off for `reason` alone comes back."""
    methods = ContactMethod.objects.filter(channel=channel, address=number, last_failure=reason)
    return methods.exclude(disabled_at=None).update(disabled_at=None, last_failure="")

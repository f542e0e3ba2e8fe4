"""Writing what became of an attempt; only the holder of the lease may."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from notifications.actions import push
from notifications.choices import Category, Channel, DeliveryStatus, Outcome, Urgency
from notifications.models import ContactMethod, Delivery, DeliveryAttempt
from notifications.outbox import accounts, facts, fallback
from notifications.transports.base import Receipt, TransportError

if TYPE_CHECKING:
    from notifications.outbox.claims import Claim

log = structlog.get_logger("watchbill.deliveries")

# An urgent page also goes another way after its first failure; one that can wait after so many attempts, or
# at once when the provider is known to be down.
ANOTHER_WAY_AFTER = 5
_CAPS = {Category.PAGE: 30.0, Category.EVENT: 3600.0}
_CAP = 300.0


def accepted(claim: Claim, receipt: Receipt) -> bool:
    """Record that the provider has the message. False when the lease was no longer ours."""
    now = clock.database_now()
    with transaction.atomic():
        _end_attempt(claim, now, Outcome.ACCEPTED, receipt.detail)
        row = _locked(claim)
        if row is None:
            return _late(claim, Outcome.ACCEPTED)
        _finish(row, DeliveryStatus.SENT, now, sent_at=now, provider_id=receipt.provider_id[:200], error="")
        if row.method is not None and row.method.last_failure:
            ContactMethod.objects.filter(pk=row.method.pk).update(last_failure="")
        accounts.works(row.channel)
        facts.sent(row, receipt.detail)
        if row.category == Category.PAGE:
            facts.LATE.observe(max(0.0, (now - row.due_at).total_seconds()))
    return True


def refused(claim: Claim, error: TransportError) -> bool:
    """Record a failure: try again later, or give up and go another way. False when the lease was not ours."""
    now = clock.database_now()
    outcome = Outcome.REFUSED if error.permanent else Outcome.SKIPPED if error.unavailable else Outcome.RETRY
    with transaction.atomic():
        _end_attempt(claim, now, outcome, error.message)
        row = _locked(claim)
        if row is None:
            return _late(claim, outcome)
        if error.account:
            accounts.fails(error.account, error.message, now)
        if error.retire and row.method_id is not None:
            ContactMethod.objects.filter(pk=row.method_id, disabled_at=None).update(disabled_at=now)
            if row.channel == Channel.PUSH:
                push.lost(method_id=row.method_id, now=now)
        if error.permanent:
            give_up(row, error.message, now)
        else:
            _postpone(row, error, now)
    return True


def expire(row: Delivery, now: dt.datetime) -> None:
    """Too old to be sent: a stale page misleads. Called with the row locked."""
    reason = _("Expired: it could not be sent in time.")
    if row.error:
        reason = f"{reason} {row.error}"
    _finish(row, DeliveryStatus.FAILED, now, error=reason)
    _fail_members(row, reason, now)
    facts.failed(row, reason)


def give_up(row: Delivery, reason: str, now: dt.datetime) -> None:
    """Final. A page goes another way at once if there is one; the fact says which. Row is locked."""
    if row.is_bundle:
        for member in _fail_members(row, reason, now):
            facts.failed(member, _with_other_way(member, reason, now))
        _finish(row, DeliveryStatus.FAILED, now, error=reason)
        return
    _finish(row, DeliveryStatus.FAILED, now, error=reason)
    if row.method_id is not None:
        ContactMethod.objects.filter(pk=row.method_id).update(last_failure=reason)
    facts.failed(row, _with_other_way(row, reason, now))


def abandon(claim: Claim, reason: str) -> None:
    """Nothing was sent, and nothing is to be: close the attempt."""
    _end_attempt(claim, clock.database_now(), Outcome.SKIPPED, reason)


def withdraw_empty(claim: Claim) -> None:
    """A bundle whose pages were all withdrawn is withdrawn itself."""
    now = clock.database_now()
    with transaction.atomic():
        _end_attempt(claim, now, Outcome.SKIPPED, "All its pages were withdrawn.")
        row = _locked(claim)
        if row is not None:
            _finish(row, DeliveryStatus.WITHDRAWN, now)


def backoff(category: str, attempts: int, retry_after: float | None = None) -> dt.timedelta:
    """The pause before the next attempt: doubling from 2 s to a cap, half random, never less than asked."""
    cap = _CAPS.get(Category(category), _CAP)
    base = min(cap, 2.0 ** min(attempts, 16))
    pause = base * (0.5 + random.random() / 2)  # noqa: S311 - spreads load, guards nothing
    return dt.timedelta(seconds=max(pause, retry_after or 0.0))


def _postpone(row: Delivery, error: TransportError, now: dt.datetime) -> None:
    due_at = now + backoff(row.category, row.attempts, error.retry_after)
    if row.expires_at is not None:
        due_at = min(due_at, row.expires_at)
    Delivery.objects.filter(pk=row.pk).update(
        status=DeliveryStatus.PENDING, lease_token=None, lease_until=None, due_at=due_at, error=error.message
    )
    if row.category != Category.PAGE:
        return
    first = not row.error
    if (row.urgency == Urgency.HIGH and first) or (
        row.urgency == Urgency.LOW and (error.unavailable or row.attempts == ANOTHER_WAY_AFTER)
    ):
        _also_another_way(row, error.message, now)


def _also_another_way(row: Delivery, reason: str, now: dt.datetime) -> None:
    """The page keeps being tried here, and goes by another method too; said once."""
    members = [row]
    if row.is_bundle:
        members = list(row.bundle.filter(status=DeliveryStatus.BUNDLED).select_related("user").order_by("pk"))
    for member in members:
        other = fallback.create(member, now)
        if other is not None:
            facts.failed(member, _("%(reason)s Sent by %(method)s too, trying on.") % _words(reason, other))
        elif row.urgency == Urgency.HIGH or row.attempts == ANOTHER_WAY_AFTER:
            reached = fallback.reached_by(member) or _("No other contact method.")
            facts.failed(
                member, _("%(reason)s %(reached)s Trying on.") % {"reason": reason, "reached": reached}
            )


def _with_other_way(row: Delivery, reason: str, now: dt.datetime) -> str:
    if row.category != Category.PAGE:
        return reason
    other = fallback.create(row, now)
    if other is not None:
        return _("%(reason)s Sent by %(method)s instead.") % _words(reason, other)
    reached = fallback.reached_by(row) or _("There is no other contact method left.")
    return f"{reason} {reached}"


def _words(reason: str, other: Delivery) -> dict[str, str]:
    return {"reason": reason, "method": str(other.method)}


def _fail_members(row: Delivery, reason: str, now: dt.datetime) -> list[Delivery]:
    """The pages inside a bundle share its fate; returns them."""
    if not row.is_bundle:
        return []
    inside = Delivery.objects.filter(bundled_into=row, status=DeliveryStatus.BUNDLED)
    members = list(inside.select_related("user").order_by("pk").select_for_update(of=("self",), no_key=True))
    inside.update(status=DeliveryStatus.FAILED, error=reason, finished_at=now)
    return members


def _finish(row: Delivery, status: str, now: dt.datetime, **values: object) -> None:
    Delivery.objects.filter(pk=row.pk).update(
        status=status, lease_token=None, lease_until=None, hold_until=None, finished_at=now, **values
    )


def _locked(claim: Claim) -> Delivery | None:
    rows = Delivery.objects.select_related("user", "method").select_for_update(of=("self",), no_key=True)
    return rows.filter(pk=claim.delivery_id, status=DeliveryStatus.SENDING, lease_token=claim.token).first()


def _end_attempt(claim: Claim, now: dt.datetime, outcome: str, detail: str) -> None:
    """An attempt that another sender has closed already stays as it is."""
    DeliveryAttempt.objects.filter(delivery_id=claim.delivery_id, number=claim.number, ended_at=None).update(
        ended_at=now, outcome=outcome, detail=detail[:2000]
    )


def _late(claim: Claim, outcome: str) -> bool:
    log.warning("late result refused", delivery=claim.delivery_id, attempt=claim.number, outcome=str(outcome))
    return False

"""Sends what is due. Run by any number of workers and by the watchdog at once."""

from __future__ import annotations

import time

import structlog
from django.db import DatabaseError, InterfaceError

from core import clock
from core.wakeup import wake_another
from notifications.choices import DeliveryStatus
from notifications.models import Delivery
from notifications.outbox import building, outcomes
from notifications.outbox.claims import Claim, Handled, claim_next, more_due
from notifications.transports import TransportError, transport_of
from notifications.transports.calling import call, call_limit

log = structlog.get_logger("watchbill.deliveries")

_LONGEST = 20.0
_SLOW = 0.5


def send_due(*, limit: int = 200) -> int:
    """Send due deliveries one by one until none is left, `limit` is reached or 20 s have passed.

    Returns how many were tried. Raises only what the database raises: the next call goes on from there.
    """
    tried = 0
    slow = True
    begun = time.monotonic()
    while tried < limit and time.monotonic() - begun < _LONGEST:
        claim = claim_next()
        if claim is None:
            break
        if isinstance(claim, Handled):
            continue
        if slow and more_due(clock.database_now()):
            wake_another("notifications.send_due")
        started = time.monotonic()
        send(claim)
        slow = time.monotonic() - started > _SLOW
        tried += 1
    return tried


def send(claim: Claim) -> None:
    """Make the call for a claimed delivery, outside any transaction, and record what came of it.

    Just before the call the row is read once more: withdrawn, taken over or too little of the lease left
    means that nothing is sent.
    """
    row = _still_ours(claim)
    if row is None:
        outcomes.abandon(claim, "Withdrawn or taken over before the call.")
        return
    try:
        message = building.outgoing(row)
        if message is None:
            outcomes.withdraw_empty(claim)
            return
        receipt = call(transport_of(row.channel), message)
    except TransportError as error:
        outcomes.refused(claim, error)
    except (DatabaseError, InterfaceError):
        raise
    except Exception as error:
        log.exception("sending failed", delivery=claim.delivery_id, channel=row.channel)
        outcomes.refused(claim, TransportError(f"Internal error: {type(error).__name__}."))
    else:
        outcomes.accepted(claim, receipt)


def _still_ours(claim: Claim) -> Delivery | None:
    if (claim.until - clock.database_now()).total_seconds() < call_limit():
        return None
    rows = Delivery.objects.select_related("user", "method", "subscription")
    return rows.filter(pk=claim.delivery_id, status=DeliveryStatus.SENDING, lease_token=claim.token).first()

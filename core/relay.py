"""Runs subscribers of published events. Any number may run at once."""

from __future__ import annotations

import datetime as dt

import structlog
from django.db import DatabaseError, transaction

from core import clock, events
from core.models import EventReceipt, OutboxEvent

log = structlog.get_logger("watchbill.relay")

MAX_ATTEMPTS = 12
_CAP = dt.timedelta(minutes=5)

# The head of each stream, not one taken by another relay; a later event of a stream is no
# candidate while an earlier one is pending, so no stream overtakes itself.
_CLAIM = """
SELECT e.* FROM core_outboxevent e
WHERE e.status = 'pending' AND e.next_attempt_at <= %s
  AND NOT EXISTS (SELECT 1 FROM core_outboxevent p
                  WHERE p.stream = e.stream AND p.status = 'pending' AND p.id < e.id)
ORDER BY e.id LIMIT 1 FOR UPDATE OF e SKIP LOCKED
"""


def drain(*, limit: int = 500) -> int:
    """Handle due events until none is left or `limit` is reached; returns how many were handled."""
    handled = 0
    while handled < limit and run_one():
        handled += 1
    return handled


def run_one() -> bool:
    """Handle the next due event of any free stream. False when there is none."""
    now = clock.database_now()
    with transaction.atomic():
        found = list(OutboxEvent.objects.raw(_CLAIM, [now]))
        if not found:
            return False
        event = found[0]
        failure = _run_subscribers(event)
        if failure is None:
            event.status = OutboxEvent.Status.DONE
        else:
            _postpone(event, now, failure)
        event.save(update_fields=["status", "attempts", "next_attempt_at", "last_error"])
    return True


def _run_subscribers(event: OutboxEvent) -> str | None:
    """Run those without a receipt, each in a savepoint; the first failure's text, or None."""
    handlers = events.subscribers(event.kind)
    done: set[str] = set()
    if event.attempts:
        done = set(event.receipts.values_list("subscriber", flat=True))
    failure: str | None = None
    for name, handler in handlers.items():
        if name in done:
            continue
        try:
            with transaction.atomic():
                handler(events.decode(event.kind, event.payload))
                EventReceipt.objects.create(event=event, subscriber=name)
        except DatabaseError as error:
            if (
                transaction.get_connection().connection is None
                or transaction.get_connection().connection.closed
            ):
                raise
            failure = failure or f"{name}: {error!r}"
            log.exception("subscriber failed", subscriber=name, event_id=event.pk, kind=event.kind)
        except Exception as error:
            failure = failure or f"{name}: {error!r}"
            log.exception("subscriber failed", subscriber=name, event_id=event.pk, kind=event.kind)
    return failure


def _postpone(event: OutboxEvent, now: dt.datetime, failure: str) -> None:
    event.attempts += 1
    event.last_error = failure[:4000]
    event.next_attempt_at = now + min(_CAP, dt.timedelta(seconds=2 ** min(event.attempts, 10)) / 2)
    if event.attempts >= MAX_ATTEMPTS:
        event.status = OutboxEvent.Status.DEAD
        log.error("event is a dead letter", event_id=event.pk, kind=event.kind, error=failure)


def retry(event: OutboxEvent) -> None:
    """Put a dead letter back in line; it runs before later events of its stream only if they wait."""
    OutboxEvent.objects.filter(pk=event.pk, status=OutboxEvent.Status.DEAD).update(
        status=OutboxEvent.Status.PENDING, attempts=1, next_attempt_at=clock.database_now()
    )

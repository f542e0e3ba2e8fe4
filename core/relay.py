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
# candidate while an earlier one is pending, so no stream overtakes itself. The inner limit keeps
# a burst from being looked through whole for each event; the subquery for each row, and not a
# join, keeps the planner from taking every pending row with every other.
_CLAIM = """
SELECT e.* FROM core_outboxevent e JOIN (
    SELECT id FROM core_outboxevent WHERE status = 'pending' AND next_attempt_at <= %s ORDER BY id LIMIT %s
) due ON due.id = e.id
WHERE e.status = 'pending'
  AND e.id = (SELECT min(p.id) FROM core_outboxevent p WHERE p.stream = e.stream AND p.status = 'pending')
ORDER BY e.id LIMIT 1 FOR UPDATE OF e SKIP LOCKED
"""
# First among so many of the oldest; among all (no limit) when none of them is free.
_AMONG = (100, None)


def drain(*, limit: int = 500) -> int:
    """Handle due events until none is left or `limit` is reached; returns how many were handled."""
    handled = 0
    asked, now = True, clock.database_now()
    while handled < limit:
        if _run_one(now):
            handled += 1
            asked = False
        elif asked:
            break
        else:
            # What was written meanwhile is due by a later time.
            asked, now = True, clock.database_now()
    return handled


def _run_one(now: dt.datetime) -> bool:
    """Handle the next event of any free stream that is due at `now`. False when there is none."""
    with transaction.atomic():
        event = next((row for among in _AMONG for row in OutboxEvent.objects.raw(_CLAIM, [now, among])), None)
        if event is None:
            return False
        failure = _run_subscribers(event)
        if failure is None:
            event.status = OutboxEvent.Status.DONE
        else:
            _postpone(event, clock.database_now(), failure)
        event.save(update_fields=["status", "attempts", "next_attempt_at", "last_error"])
    return True


def _run_subscribers(event: OutboxEvent) -> str | None:
    """Run those without a receipt, each in a savepoint; the first failure's text, or None.

    Those that did their part get their receipts when another failed: an event without a failure is done.
    """
    handlers = events.subscribers(event.kind)
    past: set[str] = set()
    if event.attempts:
        past = set(event.receipts.values_list("subscriber", flat=True))
    done: list[str] = []
    failure: str | None = None
    for name, handler in handlers.items():
        if name in past:
            continue
        try:
            with transaction.atomic():
                handler(events.decode(event.kind, event.payload))
            done.append(name)
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
    if failure is not None:
        EventReceipt.objects.bulk_create(EventReceipt(event=event, subscriber=name) for name in done)
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

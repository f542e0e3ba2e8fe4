"""Claims stored items by service, in batches; any number of workers may run at once."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import structlog
from django.db import connection, transaction
from prometheus_client import Counter

from alerts.choices import IntakeStatus
from alerts.models import IntakeItem
from alerts.processing.batch import Batch
from alerts.processing.due import place_due
from alerts.processing.folding import WINDOW
from alerts.processing.locks import LOCK_CLASS
from alerts.processing.lookups import alone, looked_up, recent_alerts, together
from alerts.processing.reading import read_items
from core import clock
from core.containment import contained
from core.wakeup import answered_here, wake_another
from oncall.escalation import engine

log = structlog.get_logger("watchbill.intake")
PROCESSED = Counter("watchbill_intake_processed_total", "Intake items processed")
FAILED = Counter("watchbill_intake_failed_total", "Intake items that could not be processed")

BATCH = 500
MAX_ROUNDS = 200
MAX_ATTEMPTS = 8
_FEW = 10
_PLACE_AFTER = 1.0
# So far behind, what came in by the minute is counted from when it came.
_LATE = dt.timedelta(seconds=10)

# The service that has waited longest first, later by two milliseconds (about the work on one) for each item that
# waits: a storm on one delays no other, and services that all have a little are taken in turn, each with what has
# gathered, not the same few again and again with one item each. A service is worked on by one worker at a time
# (transaction-level advisory lock).
_CLAIM = """
WITH waiting AS MATERIALIZED (
    SELECT service_id, count(*) AS n FROM alerts_intakeitem
    WHERE status = 'pending' AND (next_attempt_at IS NULL OR next_attempt_at <= %(now)s)
    GROUP BY service_id ORDER BY min(received_at) + count(*) * interval '2 milliseconds', min(id)
)
SELECT service_id, n FROM waiting WHERE pg_try_advisory_xact_lock(%(lock)s, coalesce(service_id, 0)::int)
LIMIT 1
"""


def process_intake() -> int:
    """Process everything that waits; returns how many items were handled.

    Alerts that were routed to other services are given their place by this worker too, when nothing else waits or
    `_PLACE_AFTER` after the first of them; the batch of their own service may have done it by then.
    """
    handled = 0
    routed: float | None = None
    with answered_here("oncall.tick", "alerts.place_due") as asked:
        for _round in range(MAX_ROUNDS):
            done = _one_batch()
            placed = 0
            if asked("alerts.place_due") and routed is None:
                routed = time.monotonic()
            if routed is not None and (done is None or time.monotonic() - routed > _PLACE_AFTER):
                routed, placed = None, place_due()
            handled += done or 0
            if asked("oncall.tick"):
                _page((done or 0) + placed)
            if done is None:
                break
    return handled


def _page(handled: int) -> None:
    """Let what was opened page at once: after a few items by this worker, which saves the way through the broker;
    after many by the engine, while this worker goes on."""
    if handled <= _FEW:
        engine.tick(by="intake")
    else:
        wake_another("oncall.tick")


def _one_batch() -> int | None:
    """Handle one batch of one service; its size, or None when no service waits that is free."""
    now = clock.database_now()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, {"now": now, "lock": LOCK_CLASS})
            row = cursor.fetchone()
        if row is None:
            return None
        if row[1] > BATCH:
            wake_another("alerts.process_intake")
        items = _due(row[0], row[1], now)
        if not items:
            # Another worker finished them between the look and the lock.
            return 0
        claimed = len(items)
        items = read_items(items, now)
        if items:
            contained(Batch(items, now).run, lambda: _one_by_one(items, now))
        PROCESSED.inc(claimed)
    return claimed


def _due(service_id: int | None, count: int, now: dt.datetime) -> list[IntakeItem]:
    rows = IntakeItem.objects.filter(service=service_id, status=IntakeStatus.PENDING)
    rows = rows.exclude(next_attempt_at__gt=now).order_by("id")[:BATCH]
    items = looked_up(alone(rows) if count <= _FEW else together(rows), service_id, now)
    if items and items[0].received_at < now - _LATE:
        since = items[0].received_at - WINDOW
        first: Any = items[0]
        first.recent = recent_alerts(service_id, since)
    return items


def _one_by_one(items: list[IntakeItem], now: dt.datetime) -> None:
    """The batch failed: find the item that is to blame, push it forward in time and keep the rest."""
    log.exception("a batch of intake items failed; taking them one by one", items=len(items))
    for item in items:
        try:
            with transaction.atomic():
                fresh = looked_up(alone(IntakeItem.objects.filter(pk=item.pk)), item.service_id, now)
                Batch(fresh, now).run()
        except Exception as error:
            FAILED.inc()
            log.exception("an intake item failed", item=item.pk)
            attempts = item.attempts + 1
            final = attempts >= MAX_ATTEMPTS
            IntakeItem.objects.filter(pk=item.pk).update(
                attempts=attempts,
                status=IntakeStatus.FAILED if final else IntakeStatus.PENDING,
                next_attempt_at=now + dt.timedelta(seconds=2**attempts),
                outcome=f"{type(error).__name__}: {error}"[:300],
            )

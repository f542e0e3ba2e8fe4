"""Taking due messages under a lease. Any number of processes may do so at once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from core import clock
from statuspage.choices import MessageState
from statuspage.models import SubscriberMessage


@dataclass(frozen=True)
class Lane:
    """Messages that are sent in the same way. `lease`: for how long a batch of at most `size` is ours."""

    condition: str
    size: int
    lease: dt.timedelta


QUESTIONS = Lane("m.announcement_id IS NULL", 20, dt.timedelta(seconds=120))
MAILS = Lane("m.announcement_id IS NOT NULL AND s.kind = 'email'", 100, dt.timedelta(seconds=120))
HOOKS = Lane("m.announcement_id IS NOT NULL AND s.kind <> 'email'", 16, dt.timedelta(seconds=60))

# What a subscriber hears of one notice or component goes in order: a message waits for older ones. Only the first
# `looked_at` that are due are asked for older ones; asking it of a whole fan-out would cost more than sending it.
_DUE = """
WITH due AS MATERIALIZED (
    SELECT m.id, m.subscriber_id, m.next_at, a.notice_id, a.component_id
    FROM statuspage_subscribermessage m
    JOIN statuspage_subscriber s ON s.id = m.subscriber_id
    LEFT JOIN statuspage_announcement a ON a.id = m.announcement_id
    WHERE m.state IN ('pending', 'sending') AND m.next_at <= %(now)s AND {condition}
    ORDER BY m.next_at, m.id LIMIT %(looked_at)s
)
SELECT m.id FROM statuspage_subscribermessage m JOIN due ON due.id = m.id
WHERE m.state IN ('pending', 'sending') AND m.next_at <= %(now)s
  AND NOT EXISTS (
      SELECT 1 FROM statuspage_subscribermessage o
      JOIN statuspage_announcement oa ON oa.id = o.announcement_id
      WHERE o.subscriber_id = due.subscriber_id AND o.id < due.id AND o.state IN ('pending', 'sending')
        AND (oa.notice_id = due.notice_id OR oa.component_id = due.component_id))
ORDER BY due.next_at, due.id LIMIT %(size)s FOR NO KEY UPDATE OF m SKIP LOCKED
"""
_MANY = 1_000_000


def claim(lane: Lane) -> tuple[uuid.UUID, Sequence[SubscriberMessage]]:
    """Take what is due in the lane: the lease's token and the messages with all that sending them needs."""
    token = uuid.uuid4()
    with transaction.atomic():
        now = clock.database_now()
        # When all of the first ones wait for others, some behind them may not.
        ids = _due(lane, now, lane.size * 5) or _due(lane, now, _MANY)
        if not ids:
            return token, []
        SubscriberMessage.objects.filter(pk__in=ids).update(
            state=MessageState.SENDING,
            lease_token=token,
            next_at=now + lane.lease,
            attempts=F("attempts") + 1,
        )
    rows = SubscriberMessage.objects.filter(pk__in=ids, lease_token=token).order_by("pk")
    return token, list(
        rows.select_related("subscriber__page", "announcement__notice", "announcement__update")
    )


def _due(lane: Lane, now: dt.datetime, looked_at: int) -> list[int]:
    """Keys of what may be sent, locked; those another process holds are left out."""
    with connection.cursor() as cursor:
        # Just after a fan-out the planner believes that there are few messages, and would read them all for each.
        cursor.execute("SET LOCAL enable_seqscan = off")
        values: dict[str, Any] = {"now": now, "size": lane.size, "looked_at": looked_at}
        cursor.execute(_DUE.format(condition=lane.condition), values)
        found = [row[0] for row in cursor.fetchall()]
        cursor.execute("SET LOCAL enable_seqscan = on")
    return found


def give_back(token: uuid.UUID, ids: Sequence[int]) -> None:
    """What was taken and not tried is due again at once."""
    rows = SubscriberMessage.objects.filter(pk__in=ids, lease_token=token, state=MessageState.SENDING)
    rows.update(
        state=MessageState.PENDING,
        lease_token=None,
        next_at=clock.database_now(),
        attempts=F("attempts") - 1,
    )

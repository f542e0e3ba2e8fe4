"""How long each heartbeat was in which status. Callers hold the rows of the heartbeats locked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection

from alerts.models import Heartbeat, HeartbeatSpan


class Turn(NamedTuple):
    """A heartbeat that went into another status at an instant."""

    beat_id: int
    at: dt.datetime


# A clock that was read before the row was locked never makes a span end before it began.
_END = """
UPDATE alerts_heartbeatspan AS span SET until = greatest(span.since, new.at)
FROM unnest(%(ids)s::bigint[], %(at)s::timestamptz[]) AS new(id, at)
WHERE span.beat_id = new.id AND span.until IS NULL
"""
_BEGIN = """
INSERT INTO alerts_heartbeatspan (beat_id, status, since)
SELECT new.id, %(status)s, greatest(new.at, last.until)
FROM unnest(%(ids)s::bigint[], %(at)s::timestamptz[]) AS new(id, at)
LEFT JOIN LATERAL (
    SELECT until FROM alerts_heartbeatspan WHERE beat_id = new.id ORDER BY since DESC, id DESC LIMIT 1
) AS last ON true
"""


def turn(status: str, turns: Sequence[Turn]) -> None:
    """The open span of each ends, one of this status begins: two statements for any number."""
    values: dict[str, Any] = {
        "status": status,
        "ids": [each.beat_id for each in turns],
        "at": [each.at for each in turns],
    }
    with connection.cursor() as cursor:
        cursor.execute(_END, values)
        cursor.execute(_BEGIN, values)


def follow(beat: Heartbeat, before: str, at: dt.datetime) -> None:
    """The same for one that was in the status `before`, if it is in another now."""
    if beat.status != before:
        turn(beat.status, [Turn(beat.pk, at)])


def spans_of(beat_id: int, limit: int) -> list[HeartbeatSpan]:
    """The newest spans first, the open one among them."""
    return list(HeartbeatSpan.objects.filter(beat_id=beat_id).order_by("-since", "-pk")[:limit])

"""One durable statement for a whole request."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import orjson
from django.db import connection

from alerts.sources.base import Event
from core import clock
from core.crypto import digest
from core.wakeup import wake

# The key check and the write are one statement: an unknown key stores nothing and returns no row.
STATEMENT = """
INSERT INTO alerts_intakeitem
    (integration_id, service_id, action, dedup_key, parsed, raw, request_id,
     status, outcome, received_at, attempts)
SELECT i.id, i.service_id, e.action, e.dedup_key, e.parsed, e.raw, %(request)s,
       'pending', '', %(now)s, 0
FROM alerts_integration i,
     unnest(%(actions)s::text[], %(keys)s::text[], %(parsed)s::jsonb[], %(raw)s::jsonb[])
     WITH ORDINALITY AS e(action, dedup_key, parsed, raw, position)
WHERE (i.key_digest = %(digest)s OR i.next_key_digest = %(digest)s) AND i.is_active
ORDER BY e.position
RETURNING integration_id
"""


@dataclass(frozen=True)
class Stored:
    """What was stored: how many events, under which request id. `count` 0: the key is not known."""

    request_id: uuid.UUID
    count: int
    integration_id: int | None


def store(key: str, events: Sequence[Event]) -> Stored:
    """Store all events of a request under the integration with this key; durable when it returns."""
    request_id = uuid.uuid4()
    params: dict[str, Any] = {
        "request": request_id,
        "now": clock.now(),
        "actions": [event.parsed.action for event in events],
        "keys": [event.parsed.dedup_key for event in events],
        "parsed": [msgspec.json.encode(event.parsed).decode() for event in events],
        "raw": [orjson.dumps(event.raw, default=str).decode() for event in events],
        "digest": digest(key),
    }
    # One statement commits by itself: a transaction around it would cost two more round trips.
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, params)
        rows = cursor.fetchall()
    if rows:
        wake("alerts.process_intake")
    return Stored(request_id, len(rows), rows[0][0] if rows else None)

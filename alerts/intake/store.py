"""Durable storage of what came in: one statement, alone or for many requests at once."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
SELECT i.id, i.service_id, e.action, e.dedup_key, e.parsed, e.raw, e.request,
       'pending', '', %(now)s, 0
FROM ROWS FROM (jsonb_to_recordset(%(rows)s::jsonb)
                AS (digest text, request uuid, action text, dedup_key text, parsed jsonb, raw jsonb))
     WITH ORDINALITY AS e(digest, request, action, dedup_key, parsed, raw, position)
JOIN alerts_integration i ON (i.key_digest = e.digest OR i.next_key_digest = e.digest) AND i.is_active
ORDER BY e.position
RETURNING request_id
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One event, ready to be written: its JSON is encoded by the request, not by who writes."""

    action: str
    dedup_key: str
    parsed: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """All events of one request under one key. `limited` is whether the rate limit still has to be applied."""

    key: str
    rows: tuple[Row, ...]
    limited: bool = True
    request_id: uuid.UUID = field(default_factory=uuid.uuid4)

    @classmethod
    def of(cls, key: str, events: Sequence[Event], *, limited: bool = True) -> Batch:
        return cls(
            key,
            limited=limited,
            rows=tuple(
                Row(
                    event.parsed.action,
                    event.parsed.dedup_key,
                    msgspec.json.encode(event.parsed),
                    orjson.dumps(event.raw, default=str),
                )
                for event in events
            ),
        )

    @classmethod
    def to_read(cls, key: str, how: Mapping[str, Any], payload: Any, *, limited: bool = True) -> Batch:
        """A body that the worker reads; `how` is described in `alerts.processing.reading`."""
        row = Row("read", "", orjson.dumps(how), orjson.dumps(payload, default=str))
        return cls(key, (row,), limited)

    @property
    def size(self) -> int:
        """Bytes of its JSON."""
        return sum(len(row.parsed) + len(row.raw) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a request: `known` is whether an active integration has its key. With `wait`, the
    seconds after which to try again, its key was over the rate limit; then nothing was stored."""

    request_id: uuid.UUID
    known: bool
    wait: int = 0


def write(batches: Sequence[Batch]) -> set[uuid.UUID]:
    """Store all batches in one statement and wake the workers; returns the ids of those whose key is known.

    Durable when it returns; when it raises, nothing of any of them was stored.
    """
    digests = {batch.key: digest(batch.key) for batch in batches}
    rows = [
        {
            "digest": digests[batch.key],
            "request": batch.request_id,
            "action": row.action,
            "dedup_key": row.dedup_key,
            "parsed": orjson.Fragment(row.parsed),
            "raw": orjson.Fragment(row.raw),
        }
        for batch in batches
        for row in batch.rows
    ]
    # One statement commits by itself: a transaction around it would cost two more round trips.
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, {"now": clock.now(), "rows": orjson.dumps(rows).decode()})
        known = {request_id for (request_id,) in cursor.fetchall()}
    if known:
        wake("alerts.process_intake")
    return known

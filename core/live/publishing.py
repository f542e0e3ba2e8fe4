"""Giving out sequence numbers and telling the web processes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import orjson
from django.db import connection, transaction

from core.live.topics import Message
from core.models import LiveEntry
from core.wakeup import broadcast

CHANNEL = "wb:live"
_NEXT = """
INSERT INTO core_livetopic (name, seq) VALUES (%s, 1)
ON CONFLICT (name) DO UPDATE SET seq = core_livetopic.seq + 1 RETURNING seq
"""


def publish_entry(
    *,
    topic: str,
    event: str,
    data: dict[str, Any],
    html: str = "",
    scope: dict[str, Any] | None = None,
    now: dt.datetime,
) -> Message:
    """Append to a stored topic (seq under the topic's row lock) and push after commit."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [topic])
        seq = int(cursor.fetchone()[0])
    LiveEntry.objects.create(
        topic_id=topic, seq=seq, event=event, data=data, html=html, scope=scope or {}, created_at=now
    )
    message = Message(topic=topic, seq=seq, event=event, data=data, html=html, scope=scope or {})
    push(message)
    return message


def push(message: Message) -> None:
    """After commit, hand the message to every web process. Lost messages are read from the database."""
    body = orjson.dumps(
        {
            "topic": message.topic,
            "seq": message.seq,
            "event": message.event,
            "data": message.data,
            "html": message.html,
            "scope": message.scope,
            "edited": message.edited,
        }
    )
    transaction.on_commit(lambda: broadcast(CHANNEL, body), robust=True)


def recheck(*, topic: str) -> None:
    """Tell every socket that listens to this topic to ask again whether it may."""
    body = orjson.dumps({"control": "recheck", "topic": topic})
    transaction.on_commit(lambda: broadcast(CHANNEL, body), robust=True)


def revoke(*, user_id: int) -> None:
    """Tell every socket of this person to ask again whether it may listen."""
    body = orjson.dumps({"control": "recheck", "user": user_id})
    transaction.on_commit(lambda: broadcast(CHANNEL, body), robust=True)

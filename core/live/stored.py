"""Topics whose entries live in `core.LiveEntry`: the feed, teams and what concerns one person."""

from __future__ import annotations

from core.live.topics import Message
from core.models import LiveEntry, LiveTopic


def last_seq(topic: str) -> int:
    """The last sequence number of a stored topic, 0 when nothing was ever published."""
    return LiveTopic.objects.filter(name=topic).values_list("seq", flat=True).first() or 0


def replay(topic: str, after: int, limit: int) -> list[Message]:
    """Stored messages after `after`, oldest first; entries older than 24 hours are gone."""
    rows = LiveEntry.objects.filter(topic_id=topic, seq__gt=after).order_by("seq")[:limit]
    return [
        Message(topic=topic, seq=row.seq, event=row.event, data=row.data, html=row.html, scope=row.scope)
        for row in rows
    ]

"""Writing one message for each subscriber an announcement concerns.

A batch is one statement, and the cursor moves in its transaction: whoever is killed in between has done nothing of
it. No lock is taken that publishing needs. Announcements of one page go in order, those of several pages at once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from core import clock
from core.wakeup import wake
from statuspage.choices import AnnouncementKind, NoticeStatus
from statuspage.models import Announcement, Component

BATCH = 2000
_LONGEST = 5.0

_NEXT = """
SELECT a.* FROM statuspage_announcement a
WHERE a.done_at IS NULL AND NOT EXISTS (
      SELECT 1 FROM statuspage_announcement o WHERE o.page_id = a.page_id AND o.done_at IS NULL AND o.id < a.id)
ORDER BY a.id LIMIT 1 FOR NO KEY UPDATE OF a SKIP LOCKED
"""
# Whether a subscriber of the page has chosen what the announcement is about.
_FITS = """(%(everybody)s
  OR NOT EXISTS (SELECT 1 FROM statuspage_subscriber_components c WHERE c.subscriber_id = {who}.id)
  OR EXISTS (SELECT 1 FROM statuspage_subscriber_components c
             WHERE c.subscriber_id = {who}.id AND c.component_id = ANY(%(components)s)))"""
# An address that follows the page as well as the notice is told once, as a follower of the page.
_QUEUE = f"""
WITH chosen AS (
  SELECT s.id FROM statuspage_subscriber s
  WHERE s.page_id = %(page)s AND s.state = 'active' AND s.id > %(after)s
    AND (%(kind)s = '' OR s.kind = %(kind)s)
    AND (s.confirmed_at IS NULL OR s.confirmed_at <= %(announced)s)
    AND ((s.notice_id IS NULL AND {_FITS.format(who="s")})
      OR (s.notice_id = %(notice)s AND NOT %(afterwards)s AND NOT EXISTS (
          SELECT 1 FROM statuspage_subscriber w
          WHERE w.page_id = s.page_id AND w.kind = s.kind AND w.address_digest = s.address_digest
            AND w.notice_id IS NULL AND w.state = 'active'
            AND (w.confirmed_at IS NULL OR w.confirmed_at <= %(announced)s) AND {_FITS.format(who="w")})))
  ORDER BY s.id LIMIT %(batch)s
), made AS (
  INSERT INTO statuspage_subscribermessage
    (key, subscriber_id, announcement_id, state, attempts, next_at, error, created_at)
  SELECT gen_random_uuid(), chosen.id, %(announcement)s, 'pending', 0, %(now)s, '', %(now)s FROM chosen
  ON CONFLICT (subscriber_id, announcement_id) DO NOTHING
  RETURNING 1
)
SELECT (SELECT max(id) FROM chosen), (SELECT count(*) FROM chosen), (SELECT count(*) FROM made)
"""  # noqa: S608 - put together from the constant above


@dataclass(frozen=True)
class Batch:
    """What one step did: `queued` new messages; `done` when the announcement has all of them."""

    announcement_id: int
    queued: int
    done: bool


def fan_out() -> int:
    """Queue what waits, for at most some seconds; returns how many messages were written."""
    begun = time.monotonic()
    total = 0
    while time.monotonic() - begun < _LONGEST:
        batch = queue_batch()
        if batch is None:
            return total
        total += batch.queued
    wake("statuspage.fan_out")
    return total


def queue_batch(size: int = BATCH) -> Batch | None:
    """One batch of the oldest announcement that nobody else is at; None when there is none."""
    with transaction.atomic():
        found = list(Announcement.objects.raw(_NEXT))
        if not found:
            return None
        row: Announcement = found[0]
        now = clock.database_now()
        with connection.cursor() as cursor:
            cursor.execute(_QUEUE, {**_concerned(row), "now": now, "batch": size})
            last, looked_at, queued = cursor.fetchone()
        done = looked_at < size
        Announcement.objects.filter(pk=row.pk).update(
            after=last or row.after, queued=F("queued") + queued, done_at=now if done else None
        )
        if queued:
            wake("statuspage.send")
    return Batch(row.pk, queued, done)


def _concerned(row: Announcement) -> dict[str, Any]:
    """Whom the announcement concerns. A notice without components concerns everybody."""
    components: set[int] = set()
    afterwards = False
    if row.kind == AnnouncementKind.COMPONENT:
        components = {row.component_id or 0}
    elif row.notice is not None:
        components = set(row.notice.components.values_list("pk", flat=True))
        if row.update is not None:
            codes = [each.get("code") for each in row.update.affected if isinstance(each, dict)]
            components |= set(
                Component.objects.filter(page_id=row.page_id, public_id__in=codes).values_list(
                    "pk", flat=True
                )
            )
            # Whoever followed the notice followed it until it was over.
            afterwards = row.update.status == NoticeStatus.POSTMORTEM
    return {
        "page": row.page_id,
        "announcement": row.pk,
        "after": row.after,
        "announced": row.created_at,
        "kind": "webhook" if row.kind == AnnouncementKind.COMPONENT else "",
        "everybody": not components,
        "components": sorted(components),
        "notice": row.notice_id,
        "afterwards": afterwards,
    }

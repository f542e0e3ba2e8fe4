"""What was good and bad in any lengths of time: one statement for checks, one for heartbeats, one for pushed counts.

Time in which the service is under maintenance counts for nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q

from alerts.choices import CheckStatus, HeartbeatStatus, ObjectiveSource
from alerts.models import MaintenanceWindow, Objective
from alerts.recurrence import within
from alerts.slo.burn import BUCKET, Measured

_STEP = dt.timedelta(seconds=BUCKET)
# Counts come some time after what they count: so long the newest of them stand for now.
_GRACE = dt.timedelta(minutes=30)


class Ask(NamedTuple):
    """An objective and a time, half-open."""

    objective: Objective
    start: dt.datetime
    end: dt.datetime


class Away(NamedTuple):
    """A time in which a service was under maintenance."""

    service_id: int
    start: dt.datetime
    end: dt.datetime


_ASKED = """
WITH away AS (
    SELECT service_id, range_agg(tstzrange(starts, ends)) AS ranges
    FROM unnest(%(away_of)s::bigint[], %(away_starts)s::timestamptz[], %(away_ends)s::timestamptz[])
         AS t(service_id, starts, ends) GROUP BY service_id
), asked AS (
    SELECT t.number, t.key, t.starts, t.ends, coalesce(away.ranges, '{{}}'::tstzmultirange) AS away
    FROM unnest(%(keys)s::bigint[], %(services)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
         WITH ORDINALITY AS t(key, service_id, starts, ends, number)
    LEFT JOIN away ON away.service_id = t.service_id
)
{rest}
"""
# Here the key is a service. A span that is still open lasts until now.
_OF_SPANS = """
SELECT number, coalesce(sum(seconds) FILTER (WHERE status = %(up)s), 0)::float8,
       coalesce(sum(seconds) FILTER (WHERE status = %(down)s), 0)::float8,
       count(DISTINCT watched_id) FILTER (WHERE seconds > 0 AND status IN (%(up)s, %(down)s))
FROM (
    SELECT asked.number, watched.id AS watched_id, span.status, (
        SELECT coalesce(sum(extract(epoch FROM upper(part) - lower(part))), 0)
        FROM unnest(tstzmultirange(tstzrange(greatest(span.since, asked.starts),
                                             least(coalesce(span.until, %(now)s), asked.ends))) - asked.away) AS part
    ) AS seconds
    FROM asked
    JOIN {watched} watched ON watched.service_id = asked.key
    JOIN {spans} span ON span.{of} = watched.id AND span.since < asked.ends
         AND span.since < %(now)s AND coalesce(span.until, %(now)s) > asked.starts
) AS parts GROUP BY number
"""
_OF_CHECKS = _ASKED.format(
    rest=_OF_SPANS.format(watched="alerts_check", spans="alerts_checkspan", of="made_for_id")
)
_OF_HEARTBEATS = _ASKED.format(
    rest=_OF_SPANS.format(watched="alerts_heartbeat", spans="alerts_heartbeatspan", of="beat_id")
)
# Here it is an objective. A bucket that touches maintenance is left out as a whole.
_OF_COUNTS = _ASKED.format(
    rest="""
SELECT asked.number, seen.good, seen.total
FROM asked CROSS JOIN LATERAL (
    SELECT sum(counted.good)::float8 AS good, sum(counted.total)::float8 AS total
    FROM alerts_objectivecount counted
    WHERE counted.objective_id = asked.key AND counted.at >= asked.starts AND counted.at < asked.ends
      AND (isempty(asked.away) OR NOT tstzrange(counted.at, counted.at + %(step)s) && asked.away)
) AS seen WHERE seen.total IS NOT NULL
"""
)
_NEWEST = """
SELECT t.id, newest.at FROM unnest(%s::bigint[]) AS t(id)
CROSS JOIN LATERAL (
    SELECT at FROM alerts_objectivecount WHERE objective_id = t.id AND at <= %s ORDER BY at DESC LIMIT 1
) AS newest
"""


def away_of(service_ids: Collection[int], since: dt.datetime, until: dt.datetime) -> list[Away]:
    """When these services were under maintenance; one statement."""
    rows = MaintenanceWindow.objects.filter(service__in=service_ids, starts_at__lt=until)
    rows = rows.filter(Q(rrule="", ends_at__gt=since) | Q(rrule__gt="", repeats_until__gt=since))
    return [
        Away(row.service_id, each.start, each.end)
        for row in rows.order_by("pk")
        for each in within(row, since, until)
    ]


def ends_of(objectives: Collection[Objective], now: dt.datetime) -> dict[int, dt.datetime]:
    """Until when each is measured, by its key: now, or the end of the newest counts that were pushed lately."""
    found = {each.pk: now for each in objectives}
    counted = [each.pk for each in objectives if each.source == ObjectiveSource.COUNTS]
    if counted:
        with connection.cursor() as cursor:
            cursor.execute(_NEWEST, [counted, now])
            for pk, at in cursor.fetchall():
                if at + _STEP > now - _GRACE:
                    found[pk] = min(at + _STEP, now)
    return found


def measured(asks: Sequence[Ask], now: dt.datetime) -> list[Measured]:
    """What was seen in each of these times, in their order: at most four statements."""
    if not asks:
        return []
    services = {ask.objective.service_id for ask in asks}
    away = away_of(services, min(ask.start for ask in asks), max(ask.end for ask in asks))
    found = [Measured()] * len(asks)
    for source, read in _READERS.items():
        places = [place for place, ask in enumerate(asks) if ask.objective.source == source]
        for place, seen in zip(places, read([asks[place] for place in places], away, now), strict=True):
            found[place] = seen
    return found


def _of_checks(asks: Sequence[Ask], away: Sequence[Away], now: dt.datetime) -> list[Measured]:
    own = {"up": CheckStatus.UP, "down": CheckStatus.DOWN, "now": now}
    return _of_spans(_OF_CHECKS, asks, away, own)


def _of_heartbeats(asks: Sequence[Ask], away: Sequence[Away], now: dt.datetime) -> list[Measured]:
    own = {"up": HeartbeatStatus.HEALTHY, "down": HeartbeatStatus.LATE, "now": now}
    return _of_spans(_OF_HEARTBEATS, asks, away, own)


def _of_spans(
    statement: str, asks: Sequence[Ask], away: Sequence[Away], own: dict[str, Any]
) -> list[Measured]:
    found = [Measured()] * len(asks)
    keys = [ask.objective.service_id for ask in asks]
    for number, up, down, many in _rows(statement, keys, asks, away, own):
        length = (asks[number - 1].end - asks[number - 1].start).total_seconds()
        found[number - 1] = Measured(up, down, max(many * length, up + down))
    return found


def _of_counts(asks: Sequence[Ask], away: Sequence[Away], now: dt.datetime) -> list[Measured]:
    found = [Measured()] * len(asks)
    keys = [ask.objective.pk for ask in asks]
    for number, good, total in _rows(_OF_COUNTS, keys, asks, away, {"step": _STEP}):
        found[number - 1] = Measured(good, total - good, total)
    return found


def _rows(
    statement: str, keys: list[int], asks: Sequence[Ask], away: Sequence[Away], own: dict[str, Any]
) -> list[tuple[Any, ...]]:
    if not asks:
        return []
    values = own | {
        "keys": keys,
        "services": [ask.objective.service_id for ask in asks],
        "starts": [ask.start for ask in asks],
        "ends": [ask.end for ask in asks],
        "away_of": [each.service_id for each in away],
        "away_starts": [each.start for each in away],
        "away_ends": [each.end for each in away],
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


_READERS = {
    ObjectiveSource.CHECKS: _of_checks,
    ObjectiveSource.HEARTBEATS: _of_heartbeats,
    ObjectiveSource.COUNTS: _of_counts,
}

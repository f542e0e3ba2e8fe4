"""How long checks were up and down, in any periods at once: one statement over their spans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from alerts.choices import CheckStatus

Period = tuple[dt.datetime, dt.datetime]

# Half-open on both sides; a span that is still open lasts until now.
_LENGTHS = """
WITH part AS (
    SELECT {key} AS key, period.number, span.status, extract(epoch FROM
           least(coalesce(span.until, %(now)s), period.ends) - greatest(span.since, period.starts)) AS seconds
    FROM alerts_checkspan span
    JOIN alerts_check made ON made.id = span.made_for_id
    JOIN unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[])
         WITH ORDINALITY AS period(starts, ends, number)
      ON span.since < period.ends AND coalesce(span.until, %(now)s) > period.starts
    WHERE {key} = ANY(%(ids)s)
)
SELECT key, number, coalesce(sum(seconds) FILTER (WHERE status = %(up)s), 0),
       coalesce(sum(seconds) FILTER (WHERE status = %(down)s), 0)
FROM part GROUP BY key, number
"""
_OF_CHECKS = _LENGTHS.format(key="made.id")
_OF_SERVICES = _LENGTHS.format(key="made.service_id")


@dataclass(frozen=True)
class Lengths:
    """Seconds up and down within a period; what is neither counts for nothing."""

    up: float = 0.0
    down: float = 0.0

    @property
    def uptime(self) -> float | None:
        """Fraction 0..1 of the judged time; None without any."""
        known = self.up + self.down
        return self.up / known if known else None


def lengths(
    check_ids: Iterable[int], periods: Sequence[Period], now: dt.datetime
) -> dict[int, list[Lengths]]:
    """For each check, how long it was up and down in each of the periods, which may overlap."""
    return _read(_OF_CHECKS, check_ids, periods, now)


def uptime_of(service_ids: Iterable[int], since: dt.datetime, until: dt.datetime) -> dict[int, float | None]:
    """Fraction 0..1 of the judged time that each service's checks were up; None without any."""
    found = _read(_OF_SERVICES, service_ids, [(since, until)], until)
    return {pk: rows[0].uptime for pk, rows in found.items()}


def uptime_of_checks(
    check_ids: Iterable[int], since: dt.datetime, until: dt.datetime
) -> dict[int, float | None]:
    """The same for each check."""
    return {pk: rows[0].uptime for pk, rows in lengths(check_ids, [(since, until)], until).items()}


def uptimes_of_check(check_id: int, days: Sequence[int], now: dt.datetime) -> dict[int, float | None]:
    """The same for one check over the last so many days, for each of these numbers."""
    periods = [(now - dt.timedelta(days=count), now) for count in days]
    found = lengths([check_id], periods, now)[check_id]
    return {count: row.uptime for count, row in zip(days, found, strict=True)}


def _read(
    statement: str, ids: Iterable[int], periods: Sequence[Period], now: dt.datetime
) -> dict[int, list[Lengths]]:
    found = {pk: [Lengths()] * len(periods) for pk in ids}
    if not found:
        return found
    values: dict[str, Any] = {
        "now": now,
        "up": CheckStatus.UP,
        "down": CheckStatus.DOWN,
        "starts": [start for start, _end in periods],
        "ends": [end for _start, end in periods],
        "ids": list(found),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        for key, number, up, down in cursor.fetchall():
            found[key][number - 1] = Lengths(float(up), float(down))
    return found

"""The only source of time in the project.

`now()` is for people and records. `database_now()` decides whether work is due, so that a worker
whose clock jumps changes nothing.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import connection

UTC = dt.UTC


def now() -> dt.datetime:
    """The present instant, aware, in UTC, by this process's clock."""
    return dt.datetime.now(tz=UTC)  # noqa: TID251 - the one place


def database_now() -> dt.datetime:
    """The present instant by the database server's clock, aware, in UTC. One statement."""
    if settings.CLOCK_FOLLOWS_PROCESS:
        return now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row = cursor.fetchone()
    return row[0].astimezone(UTC)

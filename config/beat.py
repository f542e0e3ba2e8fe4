"""The schedule of periodic work, as Celery's beat reads it."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError
from django_celery_beat.schedulers import SCHEDULE_SYNC_MAX_INTERVAL, DatabaseScheduler

log = structlog.get_logger("watchbill.beat")
# Seconds.
LOOKS_EVERY = 1.0


class Scheduler(DatabaseScheduler):
    """The schedule in the database; while that is away, as it was read last."""

    _looked_at = float("-inf")

    def schedule_changed(self) -> bool:
        """Whether somebody has changed it, asked once a second; beat itself would ask at every tick.

        While the database is away each question is a failed connection and a traceback in the log.
        """
        now = time.monotonic()
        if now - self._looked_at < LOOKS_EVERY:
            return False
        self._looked_at = now
        changed: bool = super().schedule_changed()
        return changed

    def all_as_schedule(self) -> dict[str, Any]:
        """Name → entry of all that is switched on. Raises Django's `DatabaseError` when it was never read.

        django-celery-beat reads it anew every five minutes and after a change, and beat ends when it cannot.
        """
        try:
            read: dict[str, Any] = super().all_as_schedule()
        except (DatabaseError, InterfaceError) as error:
            if self._schedule is None:
                raise
            log.warning("the schedule is kept as it was read last", error=str(error))
            # So that it is read again at the next look: neither in five minutes nor at every tick.
            self._last_full_sync -= dt.timedelta(seconds=SCHEDULE_SYNC_MAX_INTERVAL - LOOKS_EVERY)
            return self._schedule
        return read

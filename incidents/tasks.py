from __future__ import annotations

import structlog
from celery import shared_task

from core import clock
from incidents.timers import TIMERS

log = structlog.get_logger("watchbill.incidents")


@shared_task(name="incidents.run_timers", ignore_result=True)
def run_timers() -> None:
    """All that time does to incidents; one kind of work that fails does not stop the others."""
    now = clock.database_now()
    for work in TIMERS:
        try:
            work(now)
        except Exception:
            log.exception("timer failed", work=f"{work.__module__}.{work.__name__}")

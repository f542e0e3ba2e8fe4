from __future__ import annotations

import structlog
from celery import shared_task

from core import clock
from incidents.actions.files import sweep
from incidents.timers import TIMERS
from incidents.timers.nags import nag

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


@shared_task(name="incidents.sweep_files", ignore_result=True)
def sweep_files() -> None:
    """Files of evidence whose entry was never written."""
    removed = sweep(clock.now())
    if removed:
        log.info("files without an entry removed", count=removed)


@shared_task(name="incidents.nag", ignore_result=True)
def nag_owners() -> None:
    """Ask owners for the facts that are missing."""
    nag(clock.database_now())

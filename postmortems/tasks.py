from __future__ import annotations

import structlog
from celery import shared_task

from core import clock
from core.wakeup import woken
from postmortems.actions import remind_of_documents, send_digests, send_reminders, tick_targets
from postmortems.actions.images import sweep
from postmortems.actions.tickets import TASK
from postmortems.items.ticket_sync import sync_due

log = structlog.get_logger("watchbill.postmortems")


@shared_task(name="postmortems.remind", ignore_result=True)
def remind() -> None:
    """Tick what was done elsewhere, then send the reminders that are due; beat runs it every minute."""
    tick_targets()
    send_reminders()
    send_digests()
    remind_of_documents()


@shared_task(name=TASK, ignore_result=True)
def sync_tickets() -> None:
    """Write what waits for issue trackers and look what changed there; beat runs it every few seconds."""
    woken(TASK)
    sync_due()


@shared_task(name="postmortems.sweep_files", ignore_result=True)
def sweep_files() -> None:
    """Pictures that no document has."""
    removed = sweep(clock.now())
    if removed:
        log.info("pictures without a document removed", count=removed)

from __future__ import annotations

from celery import shared_task

from alerts.actions.heartbeats import mark_late
from alerts.processing import place_due, process_intake
from core.wakeup import woken


@shared_task(name="alerts.process_intake", ignore_result=True)
def run_process_intake() -> None:
    woken("alerts.process_intake")
    process_intake()


@shared_task(name="alerts.place_due", ignore_result=True)
def run_place_due() -> None:
    woken("alerts.place_due")
    place_due()


@shared_task(name="alerts.mark_late", ignore_result=True)
def run_mark_late() -> None:
    mark_late()

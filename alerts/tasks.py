from __future__ import annotations

from celery import shared_task

from alerts.processing import process_intake
from core.wakeup import woken


@shared_task(name="alerts.process_intake", ignore_result=True)
def run_process_intake() -> None:
    woken("alerts.process_intake")
    process_intake()

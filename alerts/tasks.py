from __future__ import annotations

import time

from celery import shared_task

from alerts.actions.check_work import drop_old_results, mark_unseen
from alerts.actions.heartbeats import mark_late
from alerts.actions.objectives import evaluate
from alerts.processing import place_due, process_intake
from core.wakeup import woken

# After a standstill the check workers get time to come back before anybody is told that they are away.
_UNSEEN_AFTER = 120.0
_loaded = time.monotonic()


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


@shared_task(name="alerts.mark_unseen", ignore_result=True)
def run_mark_unseen() -> None:
    if time.monotonic() - _loaded > _UNSEEN_AFTER:
        mark_unseen()


@shared_task(name="alerts.drop_old_results", ignore_result=True)
def run_drop_old_results() -> None:
    drop_old_results()


@shared_task(name="alerts.evaluate_objectives", ignore_result=True)
def run_evaluate_objectives() -> None:
    evaluate()

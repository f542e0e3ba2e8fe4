from __future__ import annotations

from celery import shared_task

from services.vendors.polling import poll_due


@shared_task(name="services.ask_vendors", ignore_result=True)
def run_ask_vendors() -> None:
    poll_due()

from __future__ import annotations

import datetime as dt

from celery import shared_task

from core import clock, relay
from core.models import IdempotentRequest, LiveEntry, OutboxEvent
from core.wakeup import woken


@shared_task(name="core.relay", ignore_result=True)
def run_relay() -> None:
    woken("core.relay")
    relay.drain()


@shared_task(name="core.housekeeping", ignore_result=True)
def housekeeping() -> None:
    """Drop what has served its time: handled events after 7 days, live entries and answers after 24 h."""
    now = clock.database_now()
    day = now - dt.timedelta(hours=24)
    OutboxEvent.objects.filter(status="done", created_at__lt=now - dt.timedelta(days=7)).delete()
    LiveEntry.objects.filter(created_at__lt=day).delete()
    IdempotentRequest.objects.filter(created_at__lt=day).delete()

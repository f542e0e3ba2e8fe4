from __future__ import annotations

from celery import shared_task

from core import clock, housekeeping, relay
from core.wakeup import woken


@shared_task(name="core.relay", ignore_result=True)
def run_relay() -> None:
    woken("core.relay")
    relay.drain()


@shared_task(name="core.housekeeping", ignore_result=True)
def keep_house() -> None:
    """Drop what has served its time, of every room that registered something."""
    housekeeping.run(clock.database_now())

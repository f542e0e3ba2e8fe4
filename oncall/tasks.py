from __future__ import annotations

from celery import shared_task

from core import clock
from core.wakeup import woken
from oncall.actions.requests import expire_requests
from oncall.calendars import mirroring
from oncall.escalation import engine
from oncall.notices import tell_about_shifts, warn_about_leave


@shared_task(name="oncall.tick", ignore_result=True)  # type: ignore[untyped-decorator]
def tick() -> None:
    woken("oncall.tick")
    engine.tick(by="worker")


@shared_task(name="oncall.fetch_calendars", ignore_result=True)  # type: ignore[untyped-decorator]
def fetch_calendars() -> None:
    mirroring.fetch_due()


@shared_task(name="oncall.notices", ignore_result=True)  # type: ignore[untyped-decorator]
def notices() -> None:
    """Reminders, handoffs, leave that meets shifts, requests nobody answered."""
    now = clock.database_now()
    expire_requests(now=now)
    tell_about_shifts(now)
    warn_about_leave(now)

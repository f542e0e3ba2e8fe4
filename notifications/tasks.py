from __future__ import annotations

from celery import shared_task

from core.wakeup import woken
from notifications.sending import send_due as run


@shared_task(name="notifications.send_due", ignore_result=True)
def send_due() -> None:
    """Send what is due. When the database is away this fails, and the next second tries again."""
    woken("notifications.send_due")
    run()

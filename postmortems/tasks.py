from __future__ import annotations

from celery import shared_task

from postmortems.actions import send_reminders


@shared_task(name="postmortems.remind", ignore_result=True)
def remind() -> None:
    """Send the reminders that are due; beat runs it every minute."""
    send_reminders()

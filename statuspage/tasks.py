from __future__ import annotations

from celery import shared_task

from core.wakeup import woken
from statuspage.actions import work_due
from statuspage.building import publish_due
from statuspage.fanout.queueing import fan_out
from statuspage.fanout.sending import send_due
from statuspage.following import follow


@shared_task(name="statuspage.fan_out", ignore_result=True)
def run_fan_out() -> None:
    woken("statuspage.fan_out")
    fan_out()


@shared_task(name="statuspage.send", ignore_result=True)
def run_send() -> None:
    woken("statuspage.send")
    send_due()


@shared_task(name="statuspage.tick", ignore_result=True)
def run_tick() -> None:
    """What time alone does: planned work, components that follow something, bars that move by a day."""
    work_due()
    follow()
    publish_due()

from __future__ import annotations

from celery import shared_task

from core.wakeup import woken
from oncall.escalation import engine


@shared_task(name="oncall.tick", ignore_result=True)  # type: ignore[untyped-decorator]
def tick() -> None:
    woken("oncall.tick")
    engine.tick(by="worker")

"""The second path: ticks and sends by itself when the engine's heartbeat has stopped."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType
from typing import Any

import structlog
from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections

from alerts.actions.heartbeats import mark_late
from alerts.processing import place_due, process_intake
from core import relay
from notifications.sending import send_due
from oncall.escalation import engine
from oncall.models import EngineHeartbeat

log = structlog.get_logger("watchbill.watchdog")

STALE_SECONDS = 3.0


class Command(BaseCommand):
    help = "Watches the engine heartbeat and takes over paging while workers or the broker are down."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()

        def on_signal(_number: int, _frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, on_signal)
        signal.signal(signal.SIGINT, on_signal)
        watch = Watch()
        while not stop.wait(1.0):
            try:
                watch.look()
            except DatabaseError as error:
                log.warning("the database is not answering", error=str(error))
                close_old_connections()


class Watch:
    """Judges staleness by whether the row moves, on this process's monotonic clock, so that a clock
    that jumps makes no false alarm."""

    def __init__(self) -> None:
        self._seen: object = None
        self._since = time.monotonic()
        self._ours: object = None
        self.acting = False

    def look(self) -> None:
        """One look: take over when nobody else has ticked for three seconds."""
        row = EngineHeartbeat.objects.filter(pk=1).values_list("ticked_at", "ticked_by").first()
        current = row[0] if row and row[1] != "watchdog" else self._seen
        if current != self._seen:
            self._seen, self._since = current, time.monotonic()
        stale = time.monotonic() - self._since > STALE_SECONDS
        if stale and not self.acting:
            log.error("the engine has stopped; the watchdog pages until it is back")
        if self.acting and not stale:
            log.warning("the engine is back")
        self.acting = stale
        if stale:
            take_over()


def take_over() -> None:
    """What the workers would do: intake, events, due steps, due deliveries."""
    mark_late()
    process_intake()
    place_due()
    relay.drain()
    engine.tick(by="watchdog")
    send_due()
    relay.drain()

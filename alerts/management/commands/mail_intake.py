"""The program that takes alerts in by mail."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from alerts.mailbox import serve


class Command(BaseCommand):
    help = "Takes alerts and heartbeats in by mail at MAIL_INTAKE_HOST and MAIL_INTAKE_PORT."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.MAIL_INTAKE_PORT:
            self.stdout.write("No mail is taken in: MAIL_INTAKE_PORT is 0.")
            return
        asyncio.run(self._run())

    async def _run(self) -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await serve(settings.MAIL_INTAKE_DOMAIN, settings.MAIL_INTAKE_HOST, settings.MAIL_INTAKE_PORT, stop)

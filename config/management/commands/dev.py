"""`manage.py dev`: the launcher as a command, for `manage.py help` and for other ways into Django."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Start the whole product on this machine: database, Redis, web, workers, beat and watchdog."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        # A fresh process: the launcher lives as long as the stack and needs nothing of what Django loaded.
        os.execv(sys.executable, [sys.executable, "-m", "config.launcher"])  # noqa: S606 - fixed arguments

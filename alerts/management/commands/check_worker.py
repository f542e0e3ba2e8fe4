"""The program that makes checks: for this installation, or anywhere else for one that is reached over HTTPS."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser

from alerts.checks.work_sources import LocalWork, RemoteWork
from alerts.checks.worker import Worker, WorkSource


class Command(BaseCommand):
    help = (
        "Makes checks. Without --url (or CHECK_WORKER_URL) those of this installation's own location, through its "
        "database; with it those of the location whose token is in --token-file (or CHECK_WORKER_TOKEN)."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--url", default=os.environ.get("CHECK_WORKER_URL", ""), help="https://watchbill.example"
        )
        parser.add_argument("--token-file", default="", help="a file with nothing but the location's token")

    def handle(self, *args: Any, **options: Any) -> None:
        source = self._source(options["url"].strip(), options["token_file"])
        stop = threading.Event()

        def on_signal(_number: int, _frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, on_signal)
        signal.signal(signal.SIGINT, on_signal)
        Worker(source, stop).run()

    def _source(self, url: str, token_file: str) -> WorkSource:
        if not url:
            if token_file:
                raise CommandError(
                    "A token goes with --url or CHECK_WORKER_URL, the address of the installation."
                )
            return LocalWork()
        try:
            parts = urlsplit(url)
            known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            known = False
        if not known:
            raise CommandError("--url must be the address of an installation: https://watchbill.example")
        if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
            self.stderr.write("Without https the token can be read on the way.")
        token = _token(token_file)
        if not token():
            raise CommandError("The location's token is missing: --token-file or CHECK_WORKER_TOKEN.")
        return RemoteWork(url, token)


def _token(path: str) -> Callable[[], str]:
    """Reads the token each time it is asked for, so that a renewed one is found in the same file."""

    def read() -> str:
        if not path:
            return os.environ.get("CHECK_WORKER_TOKEN", "").strip()
        try:
            return Path(path).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return ""

    return read

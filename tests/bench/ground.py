"""What a benchmark runs on: a durable throw-away PostgreSQL, a Valkey, and programs of the product."""

from __future__ import annotations

import dataclasses
import http.client
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.env import ROOT, load_env
from config.launcher import postgres, programs, valkey
from config.launcher.process import Command, end, free_port, spawn, wait_for
from tests.faults.mailserver import MailServer


class Ground:
    """Servers and programs of one run; everything ends and is removed with `close`."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="wb-bench-"))
        self.folder.chmod(0o711)
        self.processes: list[subprocess.Popen[bytes]] = []
        self.mail = MailServer()
        cluster = postgres.Cluster(self.folder / "pg", durable=True, log=self.folder / "postgres.log")
        self.database_url = cluster.start(lambda command: self._spawn(command, "postgres")).url
        self.redis_url, _ = valkey.start(lambda command: self._spawn(command, "valkey"))
        os.environ |= {
            "ENV_FILE": os.devnull,
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "WATCHBILL_DATA": str(self.folder / "data"),
            "EMAIL_URL": self.mail.url,
            "SECRET_KEY": "a-key-for-benchmarks-that-guards-nothing-and-is-long-enough",
            "DEBUG": "0",
            "DEMO": "0",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }

    @contextmanager
    def programs(self, *names: str) -> Iterator[int]:
        """Run these programs; gives the port of the web server."""
        port = free_port()
        env = dataclasses.replace(load_env(), port=port, web_workers=2, base_url=f"http://127.0.0.1:{port}")
        listening = programs.listen(env) if "web" in names else None
        children = programs.children(env, listening.fileno() if listening else -1)
        commands = {child.name: child.command for child in children}
        commands["wsgi"] = Command(
            [
                *(sys.executable, "-m", "granian", "--interface", "wsgi", "config.wsgi:application"),
                *("--host", "127.0.0.1", "--port", str(port), "--workers", "2"),
                *("--blocking-threads", "32", "--log-level", "warning"),
            ],
            environ=programs.environment(env),
            cwd=ROOT,
        )
        wanted = [each for name in names for each in (("web-1", "web-2") if name == "web" else (name,))]
        started = [self._spawn(commands[name], name) for name in wanted]
        try:
            if not wait_for(lambda: _answers(port), seconds=60, interval=0.2):
                raise SystemExit(f"The web server did not start; see {self.folder}.")
            yield port
        finally:
            for process in reversed(started):
                end(process, signal.SIGTERM, seconds=8)
                self.processes.remove(process)
            if listening:
                listening.close()

    def close(self) -> None:
        self.mail.close()
        for process in reversed(self.processes):
            end(process, signal.SIGINT, seconds=15)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _spawn(self, command: Command, name: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = spawn(command, output=log)
        self.processes.append(process)
        return process


def _answers(port: int) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        connection.request("GET", "/healthz", headers={"Host": "127.0.0.1"})
        return connection.getresponse().status == 200
    except OSError:
        return False

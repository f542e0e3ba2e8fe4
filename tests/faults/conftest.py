"""Real programs of the product against the test database and a Valkey of their own."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from config.env import load_env
from config.launcher import programs, valkey
from config.launcher.process import end, free_port, spawn, wait_for


class Stack:
    """Starts programs by their names in `config.launcher.programs`; ends them all with the test."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.database_url = database_url
        self.redis_url = f"redis://127.0.0.1:{free_port()}/0"
        self.processes: list[subprocess.Popen[bytes]] = []

    def start_valkey(self) -> None:
        self.redis_url, _ = valkey.start(lambda command: self._spawn(command, "valkey"))

    def start(self, name: str, **environ: str) -> subprocess.Popen[bytes]:
        before = dict(os.environ)
        os.environ.update(environ)
        try:
            env = dataclasses.replace(
                load_env(), database_url=self.database_url, redis_url=self.redis_url, demo=False
            )
            child = next(each for each in programs.children(env) if each.name == name)
        finally:
            os.environ.clear()
            os.environ.update(before)
        return self._spawn(child.command, name)

    def _spawn(self, command: object, name: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = spawn(command, output=log)  # type: ignore[arg-type]
        self.processes.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """kill -9 of the program and all it started."""
        end(process, signal.SIGKILL, seconds=5)

    def stop(self) -> None:
        for process in reversed(self.processes):
            end(process, signal.SIGKILL, seconds=5)

    def logs(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-3000:] for path in self.folder.glob("*.log"))


@pytest.fixture
def stack(tmp_path: Path, transactional_db: None) -> Iterator[Stack]:
    from django.db import connection

    parts = urlsplit(os.environ["DATABASE_URL"])
    made = Stack(tmp_path, urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}")))
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def eventually(request: pytest.FixtureRequest) -> Callable[[Callable[[], bool], float], None]:
    """Ask again and again until it holds; fails with the programs' logs after the seconds given."""

    def wait(condition: Callable[[], bool], seconds: float = 30) -> None:
        if not wait_for(condition, seconds=seconds, interval=0.1):
            logs = request.getfixturevalue("stack").logs() if "stack" in request.fixturenames else ""
            pytest.fail(f"It did not happen within {seconds} s.\n{logs}")

    return wait

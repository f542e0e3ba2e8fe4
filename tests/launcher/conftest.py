"""Real processes: each test gets a launch function whose processes end with the test."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.launcher.process import Command, end, spawn


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short folder that other users may pass through, as pytest's own may not be."""
    path = Path(tempfile.mkdtemp(prefix="wb-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def launch(folder: Path) -> Iterator[Callable[[Command], subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def start(command: Command) -> subprocess.Popen[bytes]:
        with (folder / "server.log").open("ab") as log:
            started.append(spawn(command, output=log))
        return started[-1]

    yield start
    for process in reversed(started):
        end(process, signal.SIGINT, seconds=15)

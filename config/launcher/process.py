"""Starting, ending and recognising processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

_SHIM = Path(__file__).with_name("shim.py")


@dataclass(frozen=True, slots=True)
class Command:
    """What to run and how.

    `wrapper` is a command that becomes `argv` under another identity. `environ` None is this process's own.
    `input` is fed to standard input, which is otherwise empty. `death_signal` reaches the program when
    the process that started it dies. `descriptors` stay open in it under their numbers.
    """

    argv: Sequence[str]
    wrapper: Sequence[str] = ()
    environ: Mapping[str, str] | None = None
    cwd: Path | None = None
    input: str = ""
    death_signal: signal.Signals = signal.SIGTERM
    descriptors: Sequence[int] = ()

    def full(self) -> list[str]:
        """The argument list that runs the program through the shim, as a child of this process."""
        shim = [
            sys.executable,
            "-I",
            "-S",
            str(_SHIM),
            str(os.getpid()),
            str(int(self.death_signal)),
        ]
        return [*self.wrapper, *shim, *self.argv]


class Handle(Protocol):
    """What a server needs to know of the process it runs in."""

    def poll(self) -> int | None: ...


def spawn(command: Command, *, output: IO[Any] | int) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, standard error joined to `output`.

    Call from the main thread only: the kernel takes the end of the starting thread for the parent's death.
    """
    process = subprocess.Popen(
        command.full(),
        stdin=subprocess.PIPE if command.input else subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=None if command.environ is None else dict(command.environ),
        cwd=command.cwd,
        start_new_session=True,
        pass_fds=tuple(command.descriptors),
    )
    if process.stdin is not None:
        try:
            process.stdin.write(command.input.encode())
            process.stdin.close()
        except BrokenPipeError:
            # It ended at once; whoever waits for it to be ready finds out and reads its log.
            pass
    return process


def run(command: Command, *, seconds: float = 60) -> subprocess.CompletedProcess[str]:
    """Run a short program to its end and return it with its output; raises `subprocess.TimeoutExpired`."""
    return subprocess.run(
        command.full(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=seconds,
        env=None if command.environ is None else dict(command.environ),
        cwd=command.cwd,
        start_new_session=True,
        check=False,
    )


def signal_group(pid: int, number: signal.Signals) -> bool:
    """Signal every process of the session that `pid` leads; False when none is left to signal."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def wait_for(
    condition: Callable[[], bool],
    *,
    seconds: float,
    pause: Callable[[float], None] = time.sleep,
    interval: float = 0.03,
) -> bool:
    """Ask `condition` until it holds or `seconds` have passed; tell whether it held."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        pause(interval)
    return True


def end(process: subprocess.Popen[bytes], number: signal.Signals, *, seconds: float) -> None:
    """Ask a spawned process to end, wait, and kill what remains of its session."""
    if process.poll() is None:
        process.send_signal(number)
        wait_for(lambda: process.poll() is not None, seconds=seconds)
    signal_group(process.pid, signal.SIGKILL)
    process.wait()


def alive(pid: int) -> bool:
    """Whether a process with this id exists and is more than an entry waiting to be reaped."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    except PermissionError:
        return True
    return state != "Z"


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

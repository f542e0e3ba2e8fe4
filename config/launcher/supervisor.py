"""Keeps the programs running: reads their output, starts crashed ones again, ends all in order.

One thread does everything, because a child is signalled when the thread that started it ends.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from config.launcher.console import Console
from config.launcher.errors import LaunchError, StopRequested
from config.launcher.forks import Fork, Preloaded
from config.launcher.logfile import LogFile
from config.launcher.process import Command, signal_group, spawn

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
_STEADY_SECONDS = 60.0  # having run this long, a program's earlier crashes count no more
_LONGEST_LINE = 16 * 1024
_CRASHES_AT_START = 3
_TAIL = 500


@dataclass(slots=True)
class Child:
    """One supervised program.

    `echo` shows its lines on the terminal. `once` means it is meant to end. `grace` is how many seconds it
    may take to stop; an `expendable` one is then ended without a word, as nothing is lost.
    """

    name: str
    command: Command
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 10.0
    echo: bool = True
    once: bool = False
    expendable: bool = False
    process: subprocess.Popen[bytes] | Fork | None = None
    crashes: int = 0
    started: float = 0.0
    restart_at: float | None = None
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL))
    rest: bytes = b""

    def poll(self) -> int | None:
        """Exit status of a program that ended for good; None while it runs or will be started again."""
        return None if self.process is None else self.process.poll()


class Supervisor:
    """Owns all children. `logs` is the folder for their log files."""

    def __init__(self, console: Console, logs: Path) -> None:
        self._console, self._logs = console, logs
        self._children: dict[str, Child] = {}
        self._files: dict[str, LogFile] = {}
        self._selector = selectors.DefaultSelector()
        self._stops = 0
        self._stopping = False
        self._ready = False
        self._preloaded: Preloaded | None = None
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector.register(self._wake_read, selectors.EVENT_READ, None)

    def watch_signals(self) -> None:
        """From now on a stop signal is noticed by `pump`, and a child's end wakes it."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)

    def log_path(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def start(self, child: Child) -> Child:
        if child.name in self._children:
            self._forget(self._children[child.name])
        self._children[child.name] = child
        if child.name not in self._files:
            self._files[child.name] = LogFile(self.log_path(child.name))
        self._spawn(child)
        return child

    def use(self, preloaded: Preloaded) -> None:
        """From now on programs are forked from a preloaded process where that is possible."""
        self._preloaded = preloaded

    def ready(self) -> None:
        """The stack is up: from now on a program that keeps crashing is retried for ever."""
        self._ready = True

    def pump(self, seconds: float) -> None:
        """Work for up to `seconds`, less when something happens.

        Raises `StopRequested` when asked to stop, `LaunchError` when a program cannot be started up.
        """
        now = time.monotonic()
        due = [child.restart_at - now for child in self._children.values() if child.restart_at is not None]
        for key, _ in self._selector.select(max(0.0, min([seconds, *due]))):
            if key.data is None:
                _drain(self._wake_read)
            else:
                self._read(key.data)
        for child in list(self._children.values()):
            self._tend(child)
        self._reap_orphans()
        if self._stops and not self._stopping:
            raise StopRequested

    def rest(self, seconds: float) -> None:
        """Work for all of `seconds`, whatever happens."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.pump(left)

    def finish(self, child: Child, *, seconds: float) -> int:
        """Wait for a program that is meant to end; raises `LaunchError` when it takes too long."""
        deadline = time.monotonic() + seconds
        while (status := child.poll()) is None:
            if time.monotonic() > deadline:
                raise LaunchError(
                    f"{child.name} did not end within {seconds:.0f} s.",
                    log=self.log_path(child.name),
                )
            self.pump(0.2)
        self._forget(child)
        return status

    def stop(self, order: Sequence[Sequence[str]]) -> None:
        """End every program, group after group; a second stop signal stops waiting politely."""
        self._stopping = True
        if self._preloaded:
            self._preloaded.close()
        named = {name for group in order for name in group}
        unnamed = [name for name in self._children if name not in named]
        for group in (unnamed, *order):
            self._stop_group([self._children[name] for name in group if name in self._children])
        for file in self._files.values():
            file.close()

    def _stop_group(self, group: list[Child]) -> None:
        for child in group:
            child.restart_at = None
            if child.process and child.process.poll() is None:
                child.process.send_signal(child.stop_signal)
        began, asked, forced = time.monotonic(), max(self._stops, 1), set[str]()
        while left := [child for child in group if child.process and child.process.poll() is None]:
            for child in left:
                late = self._stops > asked or time.monotonic() - began > child.grace
                if late and child.name not in forced and child.process:
                    forced.add(child.name)
                    if not child.expendable:
                        self._console.say(f"{child.name} did not stop in time and is ended by force")
                    signal_group(child.process.pid, signal.SIGKILL)
            self.pump(0.1)
        for child in group:
            if child.process:
                signal_group(child.process.pid, signal.SIGKILL)
            self._forget(child)

    def _spawn(self, child: Child) -> None:
        child.restart_at = None
        child.started = time.monotonic()
        forked = self._preloaded.start(child.command) if self._preloaded else None
        child.process = forked or spawn(child.command, output=subprocess.PIPE)
        assert child.process.stdout is not None
        os.set_blocking(child.process.stdout.fileno(), False)
        self._selector.register(child.process.stdout, selectors.EVENT_READ, child)

    def _tend(self, child: Child) -> None:
        """Notice that a program has ended, and when it is due, start it again."""
        if child.restart_at is not None:
            if time.monotonic() >= child.restart_at and not self._stopping:
                self._spawn(child)
            return
        status = child.poll()
        if status is None or child.once or self._stopping or child.process is None:
            return
        self._release(child)
        signal_group(child.process.pid, signal.SIGKILL)
        if time.monotonic() - child.started > _STEADY_SECONDS:
            child.crashes = 0
        child.crashes += 1
        log = self.log_path(child.name)
        if not self._ready and child.crashes >= _CRASHES_AT_START:
            last = child.tail[-1] if child.tail else "it said nothing"
            raise LaunchError(f"{child.name} does not start: {last}", log=log)
        wait = min(_FIRST_WAIT * 2 ** (child.crashes - 1), _LONGEST_WAIT)
        child.restart_at = time.monotonic() + wait
        self._console.line(
            child.name,
            f"{_ending(status)}; starting it again in {wait:g} s (log: {log})",
        )

    def _read(self, child: Child) -> bool:
        """Take what the program wrote; False at the end of its output."""
        assert child.process is not None
        assert child.process.stdout is not None
        try:
            data = os.read(child.process.stdout.fileno(), 65536)
        except BlockingIOError:
            return False
        if not data:
            self._selector.unregister(child.process.stdout)
            child.process.stdout.close()
            return False
        self._files[child.name].write(data)
        *lines, child.rest = (child.rest + data).split(b"\n")
        if len(child.rest) > _LONGEST_LINE:
            lines, child.rest = [*lines, child.rest], b""
        for line in lines:
            self._show(child, line)
        return True

    def _show(self, child: Child, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip()
        if not text:
            return
        child.tail.append(text)
        if child.echo:
            self._console.line(child.name, text)

    def _release(self, child: Child) -> None:
        """Read what is left and let go of the pipe, which a grandchild may still hold open."""
        stdout = child.process.stdout if child.process else None
        while stdout and not stdout.closed and self._read(child):
            pass
        if stdout and not stdout.closed:
            self._selector.unregister(stdout)
            stdout.close()
        if child.rest:
            self._show(child, child.rest)
            child.rest = b""

    def _forget(self, child: Child) -> None:
        self._release(child)
        self._children.pop(child.name, None)

    def _reap_orphans(self) -> None:
        """Let go of ended processes that programs had started and left to us."""
        known = {child.process.pid for child in self._children.values() if child.process}
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if found is None or found.si_pid in known:
                return
            os.waitpid(found.si_pid, 0)

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stops += 1


def _drain(descriptor: int) -> None:
    try:
        while os.read(descriptor, 512):
            pass
    except BlockingIOError:
        return


def _ending(status: int) -> str:
    return f"ended by signal {-status}" if status < 0 else f"ended with status {status}"

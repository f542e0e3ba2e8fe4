"""The launcher's side of `config.launcher.preload`: asks it for programs and looks after them."""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from config.launcher.process import Command, Handle, wait_for

PR_SET_CHILD_SUBREAPER = 36
_ANSWER_SECONDS = 10.0


class Fork:
    """A program that the preloaded process became; as much of `subprocess.Popen` as the supervisor needs."""

    def __init__(self, pid: int, stdout: IO[bytes]) -> None:
        self.pid, self.stdout = pid, stdout
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Exit status, negative for a signal; None while it runs."""
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                self.returncode = 255
            else:
                if pid:
                    self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


class Preloaded:
    """The connection to the preloaded process, which is itself a supervised program.

    It only saves time: without it, or when it has ended, programs are started as usual.
    """

    def __init__(self) -> None:
        self._ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._loaded = False
        # Its children become those of the launcher when their first parent ends.
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def command(self, environ: Mapping[str, str], cwd: Path) -> Command:
        """How to start it."""
        number = self._theirs.fileno()
        argv = [sys.executable, "-m", "config.launcher.preload", str(number)]
        return Command(argv, environ=environ, cwd=cwd, descriptors=(number,))

    def wait(self, handle: Handle, *, seconds: float, pause: Callable[[float], None]) -> bool:
        """Until it is loaded; False when it ended or takes too long."""
        self._theirs.close()
        wait_for(lambda: self._readable(0) or handle.poll() is not None, seconds=seconds, pause=pause)
        self._loaded = self._readable(0) and self._ours.recv(16) == b"{}"
        return self._loaded

    def start(self, command: Command) -> Fork | None:
        """Let it become `command`; None when it cannot, then the program has not been started."""
        if not self._loaded or command.argv[0] != sys.executable or command.wrapper or command.input:
            return None
        output, theirs = os.pipe2(os.O_CLOEXEC)
        request = {
            "argv": list(command.argv[1:]),
            "environ": dict(os.environ if command.environ is None else command.environ),
            "cwd": str(command.cwd) if command.cwd else "",
            "death_signal": int(command.death_signal),
            "descriptors": [1, *command.descriptors],
        }
        try:
            socket.send_fds(self._ours, [json.dumps(request).encode()], [theirs, *command.descriptors])
            answer = self._ours.recv(1024) if self._readable(_ANSWER_SECONDS) else b""
        except OSError:
            answer = b""
        finally:
            os.close(theirs)
        if not answer:
            # Late answers must not be taken for those of later requests.
            self.close()
            os.close(output)
            return None
        return Fork(json.loads(answer)["pid"], os.fdopen(output, "rb", buffering=0))

    def close(self) -> None:
        """Let the preloaded process end; what it became goes on."""
        self._loaded = False
        self._theirs.close()
        self._ours.close()

    def _readable(self, seconds: float) -> bool:
        return bool(select.select([self._ours], [], [], seconds)[0])

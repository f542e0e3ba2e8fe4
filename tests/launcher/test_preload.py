"""Programs forked from the preloaded process behave as if Python had started them."""

from __future__ import annotations

import ctypes
import io
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.env import ROOT
from config.launcher.console import Console
from config.launcher.forks import PR_SET_CHILD_SUBREAPER, Preloaded
from config.launcher.process import Command, alive, wait_for
from config.launcher.supervisor import Child, Supervisor

pytestmark = pytest.mark.enable_socket

# Says what it was given, then waits for a signal; the ones it can catch end it with status 3.
PROGRAM = """
import json, os, signal, socket, sys, threading
signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
print(json.dumps({
    "argv": sys.argv, "name": __name__, "given": os.environ.get("GIVEN"), "cwd": os.getcwd(),
    "loaded": "incidents.models" in sys.modules, "parent": os.getppid(), "leads": os.getsid(0) == os.getpid(),
    "threads": threading.active_count(), "shown": open("/proc/self/cmdline").read().split("\\0")[0],
    "port": socket.socket(fileno=int(sys.argv[2])).getsockname()[1] if len(sys.argv) > 2 else None,
}), flush=True)
print("to standard error", file=sys.stderr, flush=True)
signal.pause()
"""
# Ends at once and leaves a child that outlives it.
LEAVES_ONE = """
import os
until, held = os.pipe()
if child := os.fork():
    print(child, flush=True)
else:
    os.close(held)
    os.read(until, 1)
"""


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder, self.shown = folder, io.StringIO()
        self.supervisor = Supervisor(Console(self.shown), folder / "logs")
        self.preloaded = Preloaded()
        self.script = folder / "program.py"
        self.script.write_text(PROGRAM)
        environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
        self.child = self.supervisor.start(
            Child("preload", self.preloaded.command(environ, ROOT), once=True, expendable=True)
        )
        assert self.preloaded.wait(self.child, seconds=60, pause=self.supervisor.pump), self.shown.getvalue()
        self.supervisor.use(self.preloaded)

    def start(self, *arguments: str, descriptors: tuple[int, ...] = ()) -> Child:
        command = Command(
            [sys.executable, str(self.script), *arguments],
            environ={**os.environ, "GIVEN": "yes"},
            cwd=self.folder,
            descriptors=descriptors,
        )
        return self.supervisor.start(Child("program", command))

    def until(self, condition: Callable[[], bool]) -> None:
        assert wait_for(condition, seconds=30, pause=self.supervisor.pump), self.shown.getvalue()

    def said(self, child: Child) -> dict[str, object]:
        self.until(lambda: "to standard error" in child.tail)
        return dict(json.loads(child.tail[0]))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.supervisor.stop([["program"]])
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def test_a_program_gets_what_it_was_started_with_and_is_restarted_when_killed(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        number = listening.fileno()
        child = bench.start("a", str(number), descriptors=(number,))
        assert bench.said(child) == {
            "argv": [str(bench.script), "a", str(number)],
            "name": "__main__",
            "given": "yes",
            "cwd": str(bench.folder),
            "loaded": True,
            "parent": os.getpid(),
            "leads": True,
            "threads": 1,
            "shown": f"{sys.executable} {bench.script} a {number}",
            "port": listening.getsockname()[1],
        }
        bench.supervisor.ready()
        assert child.process is not None
        first = child.process.pid
        os.kill(first, signal.SIGKILL)
        bench.until(lambda: child.process is not None and child.process.pid != first)
        bench.until(lambda: child.tail.count("to standard error") == 2)
    assert "ended by signal 9; starting it again" in bench.shown.getvalue()


def test_its_exit_status_and_its_orphans_are_taken_care_of(bench: Bench) -> None:
    child = bench.start("a")
    bench.said(child)
    assert child.process is not None
    child.once = True
    child.process.send_signal(signal.SIGTERM)
    assert bench.supervisor.finish(child, seconds=15) == 3

    bench.script.write_text(LEAVES_ONE)
    other = bench.start()
    other.once = True
    assert bench.supervisor.finish(other, seconds=15) == 0
    orphan = next(int(line) for line in other.tail if line.isdecimal())
    bench.until(lambda: not Path(f"/proc/{orphan}").exists())


def test_without_the_preloaded_process_programs_start_as_usual(bench: Bench) -> None:
    assert bench.child.process is not None
    os.kill(bench.child.process.pid, signal.SIGKILL)
    bench.until(lambda: bench.child.poll() is not None)
    said = bench.said(bench.start("a"))
    assert (said["loaded"], said["given"], said["parent"]) == (False, "yes", os.getpid())


def test_programs_end_with_the_launcher(tmp_path: Path) -> None:
    """A launcher that is killed leaves nothing behind."""
    code = f"""
import sys
from pathlib import Path
from tests.launcher.test_preload import Bench
bench = Bench(Path({str(tmp_path)!r}))
child = bench.start("a")
bench.said(child)
print(bench.child.process.pid, child.process.pid, flush=True)
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
"""
    import subprocess

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=90, check=False
    )
    pids = [int(word) for word in done.stdout.split()]
    assert len(pids) == 2, done.stderr
    assert wait_for(lambda: not any(alive(pid) for pid in pids), seconds=15)

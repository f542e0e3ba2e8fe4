"""The supervisor with real processes: order of stopping, restarts, and that nothing is left behind."""

from __future__ import annotations

import io
import os
import signal
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.launcher.console import Console
from config.launcher.errors import LaunchError, StopRequested
from config.launcher.logfile import LogFile
from config.launcher.process import Command, alive, wait_for
from config.launcher.supervisor import Child, Supervisor

# Writes "ready", and when told to stop its name into a file shared by all.
POLITE = """
import signal, sys, time
name, journal = sys.argv[1:]
def stop(*_):
    with open(journal, "a") as file:
        file.write(name + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
while True:
    time.sleep(60)
"""


class Bench:
    """A supervisor, what it has shown, and ways to wait for it."""

    def __init__(self, folder: Path) -> None:
        self.shown = io.StringIO()
        self.folder = folder
        self.supervisor = Supervisor(Console(self.shown), folder / "logs")

    def python(self, name: str, code: str, *arguments: str, **options: object) -> Child:
        child = Child(name, Command([sys.executable, "-c", code, *arguments]))
        for key, value in options.items():
            setattr(child, key, value)
        return self.supervisor.start(child)

    def polite(self, name: str) -> Child:
        return self.python(name, POLITE, name, str(self.folder / "journal"))

    def until(self, condition: Callable[[], bool], seconds: float = 15) -> None:
        assert wait_for(condition, seconds=seconds, pause=self.supervisor.pump), self.shown.getvalue()

    def until_shown(self, text: str, times: int = 1) -> None:
        self.until(lambda: self.shown.getvalue().count(text) >= times)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.supervisor.stop([])


def test_programs_stop_group_after_group(bench: Bench) -> None:
    for name in ("web", "postgres", "engine", "beat"):
        bench.polite(name)
    bench.until_shown("ready", times=4)
    bench.supervisor.stop([["beat"], ["web"], ["engine", "deliver"], ["postgres"]])
    assert (bench.folder / "journal").read_text().split() == [
        "beat",
        "web",
        "engine",
        "postgres",
    ]
    assert "by force" not in bench.shown.getvalue()


def test_lines_carry_the_name_and_go_to_a_private_file(bench: Bench) -> None:
    child = bench.python("web", "print('one'); print('two', end='')", once=True)
    assert bench.supervisor.finish(child, seconds=15) == 0
    assert bench.shown.getvalue() == "web      │ one\nweb      │ two\n"
    log = bench.supervisor.log_path("web")
    assert (log.read_text(), stat.S_IMODE(log.stat().st_mode)) == ("one\ntwo", 0o600)


def test_a_crashed_program_is_started_again(bench: Bench) -> None:
    bench.supervisor.ready()
    child = bench.polite("web")
    bench.until_shown("ready")
    assert child.process is not None
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    bench.until_shown("ready", times=2)
    assert child.process.pid != first
    log = bench.supervisor.log_path("web")
    assert f"web      │ ended by signal 9; starting it again in 0.5 s (log: {log})" in bench.shown.getvalue()


def test_a_program_that_never_starts_ends_the_launch_with_its_last_words(
    bench: Bench,
) -> None:
    bench.python("web", "import sys; sys.exit('no module named shop')")
    with pytest.raises(LaunchError) as caught:
        bench.until(lambda: False)
    log = bench.supervisor.log_path("web")
    assert str(caught.value) == f"web does not start: no module named shop Details: {log}"


def test_a_program_that_will_not_stop_is_killed_with_its_children(bench: Bench) -> None:
    code = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"])
print("child", child.pid, flush=True)
time.sleep(60)
"""
    child = bench.python("web", code, grace=0.3)
    bench.until_shown("child ")
    grandchild = int(bench.shown.getvalue().split("child ")[1].split()[0])
    assert child.process is not None
    pid = child.process.pid
    bench.supervisor.stop([["web"]])
    assert "web did not stop in time and is ended by force" in bench.shown.getvalue()
    assert wait_for(lambda: not alive(pid) and not alive(grandchild), seconds=10)


def test_what_a_crashed_program_leaves_running_is_ended(bench: Bench) -> None:
    bench.supervisor.ready()
    code = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("child", child.pid, flush=True)
sys.exit(3)
"""
    bench.python("web", code)
    bench.until_shown("ended with status 3")
    grandchild = int(bench.shown.getvalue().split("child ")[1].split()[0])
    assert wait_for(lambda: not alive(grandchild), seconds=10)


def test_a_one_time_command_is_waited_for(bench: Bench) -> None:
    child = bench.python("migrate", "import sys; sys.exit(4)", once=True)
    assert bench.supervisor.finish(child, seconds=15) == 4


def test_a_stop_signal_is_noticed_while_waiting(bench: Bench) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        bench.supervisor.watch_signals()
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(StopRequested):
            bench.supervisor.pump(30)
    finally:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, handler in before.items():
            signal.signal(number, handler)


def test_an_endless_line_is_cut_and_does_not_fill_memory(bench: Bench) -> None:
    child = bench.python("web", "print('x' * 100_000, end='')", once=True)
    bench.supervisor.finish(child, seconds=15)
    assert bench.shown.getvalue().count("x") == 100_000
    assert len(bench.shown.getvalue().splitlines()) > 1


def test_logs_turn_over_and_only_so_many_are_kept(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "web.log", limit=10, kept=2)
    for text in (b"first\n", b"second\n", b"third\n", b"fourth\n"):
        log.write(text)
    log.close()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "web.log": "fourth\n",
        "web.log.1": "third\n",
        "web.log.2": "second\n",
    }


def test_steps_are_numbered_and_lines_wait_for_their_end() -> None:
    shown = io.StringIO()
    console = Console(shown, total=3, done=1)
    with console.step("Database") as step:
        console.line("web", "hello")
        step.note = "embedded"
    assert shown.getvalue().splitlines() == [
        "[2/3] Database                               0.0 s  embedded",
        "web      │ hello",
    ]


def test_a_closed_terminal_does_not_stop_the_product() -> None:
    read, write = os.pipe()
    os.close(read)
    with open(write, "w", closefd=False) as stream:
        console = Console(stream, total=1)
        console.say("nobody reads this")
        console.say("nor this")
    os.close(write)


def test_resting_lasts_its_time_however_much_is_written(bench: Bench) -> None:
    bench.supervisor.ready()
    bench.python("web", "import time\nwhile True: print('line', flush=True); time.sleep(0.01)")
    bench.until_shown("line")
    began = time.monotonic()
    bench.supervisor.rest(0.4)
    assert time.monotonic() - began >= 0.4
    assert bench.shown.getvalue().count("line") > 5

"""The check worker: its round by itself, and the program as it is started elsewhere and here."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from alerts.actions import check_locations as places
from alerts.actions import check_work
from alerts.checks import work_sources, worker
from alerts.checks.probes import Outcome
from alerts.checks.work import ASK_EVERY, ASK_IDLE, Leased, Reported, Result, Work, WorkSourceError, pause
from alerts.checks.worker import Pace, Worker
from alerts.choices import CheckStatus
from alerts.models import Check, CheckLocation, CheckResult, CheckRun
from config.env import ROOT
from config.launcher.process import wait_for
from teams.actor import system_actor
from tests.alerts.check_servers import Site
from tests.alerts.check_servers import site as site
from tests.alerts.test_checks import START, make_check, make_location
from tests.world import make_world


def work(number: int, seconds: int = 5) -> Work:
    return Work(number, "lease", "http", f"https://{number}.example.org/", {}, {}, seconds)


class Source:
    """Gives out what it has, and keeps what it is told; fails as often as it should."""

    def __init__(self, *items: Work) -> None:
        self.items = list(items)
        self.asked: list[int] = []
        self.told: list[Result] = []
        self.failures = 0
        self.deaf = False

    def lease(self, limit: int) -> Leased:
        self.asked.append(limit)
        self._fail()
        found, self.items = self.items[:limit], self.items[limit:]
        return Leased(found, 60)

    def report(self, results: list[Result]) -> Reported:
        if self.deaf:
            raise WorkSourceError("deaf")
        self._fail()
        self.told += results
        return Reported(taken=len(results))

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise WorkSourceError("away")


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Outcome]], None]:
    return lambda instead: monkeypatch.setattr(worker, "probe", instead)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(worker, "ENDING", 0.3)


def until(condition: Callable[[], bool], seconds: float = 15) -> None:
    assert wait_for(condition, seconds=seconds, interval=0.02), "it never came"


def turns(subject: Worker, condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it never came"
        subject.turn()


def test_it_makes_what_it_gets_and_tells(probe: Any) -> None:
    probe(lambda kind, target, *_rest: Outcome(target != "https://2.example.org/", f"{kind} {target}", 7))
    source = Source(work(1), work(2))
    turns(Worker(source, threading.Event()), lambda: len(source.told) == 2)
    assert sorted(source.told) == [
        Result(1, "lease", True, "http https://1.example.org/", 7),
        Result(2, "lease", False, "http https://2.example.org/", 7),
    ]
    assert source.asked == [50]


def test_one_bad_check_spoils_nothing_and_is_not_called_down(probe: Any) -> None:
    def broken(_kind: str, target: str, *_rest: Any) -> Outcome:
        if "1." in target:
            raise RuntimeError("a fault of ours")
        return Outcome(True, "", 1)

    probe(broken)
    source = Source(work(1), work(2))
    turns(Worker(source, threading.Event()), lambda: bool(source.told))
    assert [each.run_id for each in source.told] == [2]


def test_no_more_at_once_than_it_may(probe: Any) -> None:
    running, most, lock, go = [0], [0], threading.Lock(), threading.Event()

    def held(*_given: Any) -> Outcome:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        go.wait(10)
        with lock:
            running[0] -= 1
        return Outcome(True, "", 30)

    probe(held)
    source = Source(*(work(number) for number in range(10)))
    subject = Worker(source, threading.Event(), at_once=3)
    turns(subject, lambda: running[0] >= 3)
    subject.turn()
    assert (running, len(source.items)) == ([3], 7)
    go.set()
    turns(subject, lambda: len(source.told) == 10)
    assert most == [3]
    assert max(source.asked) == 3


def test_results_wait_while_nobody_answers(probe: Any) -> None:
    probe(lambda *_given: Outcome(True, "", 1))
    source = Source(work(1))
    subject = Worker(source, threading.Event())
    source.deaf = True
    turns(subject, lambda: not source.items)
    source.deaf, source.failures = False, 3
    turns(subject, lambda: bool(source.told))
    assert [each.run_id for each in source.told] == [1]


def test_results_that_are_too_old_are_dropped(probe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    probe(lambda *_given: Outcome(True, "", 1))
    monkeypatch.setattr(worker, "LEASE_MARGIN", -4.8)
    source = Source(work(1))
    subject = Worker(source, threading.Event())
    source.deaf = True
    ends = time.monotonic() + 0.5
    turns(subject, lambda: time.monotonic() > ends)
    source.deaf = False
    subject._tell(last=True)
    assert source.items == []
    assert source.told == []


def test_a_check_that_never_ends_gives_its_place_back(probe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    probe(
        lambda _kind, target, *_rest: (
            go.wait(20) and Outcome(True, "", 1) if "1." in target else Outcome(True, "", 1)
        )
    )
    monkeypatch.setattr(worker, "LEASE_MARGIN", -4.9)
    source = Source(work(1), work(2))
    turns(Worker(source, threading.Event(), at_once=1), lambda: not source.items)
    go.set()


def test_told_to_end_it_reports_what_runs(probe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "ENDING", 5.0)
    stop, started = threading.Event(), threading.Event()

    def slow(*_given: Any) -> Outcome:
        started.set()
        stop.wait(5)
        return Outcome(True, "", 100)

    probe(slow)
    source = Source(work(1))
    thread = threading.Thread(target=Worker(source, stop).run)
    thread.start()
    assert started.wait(5)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert [each.run_id for each in source.told] == [1]


def test_it_comes_back_later_and_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "FIRST_PAUSE", 1.0)
    monkeypatch.setattr(worker.random, "uniform", lambda _low, high: high)
    monkeypatch.setattr(worker.time, "monotonic", lambda: 1000.0)

    def away() -> None:
        raise WorkSourceError("away")

    def busy() -> None:
        raise WorkSourceError("busy", retry_after=30)

    pace, found = Pace(), []
    for _attempt in range(8):
        pace.attempt("x", away)
        found.append(round(pace.left))
    assert found == [1, 2, 4, 8, 16, 32, 60, 60]
    assert pace.attempt("x", lambda: 5) == 5
    pace.attempt("x", busy)
    assert round(pace.left) == 30


def test_when_it_asks_again() -> None:
    def after(seconds: float) -> float:
        return pause(START + dt.timedelta(seconds=seconds), START)

    assert [pause(None, START), after(3600), after(2), after(0), after(-9)] == [
        ASK_IDLE,
        ASK_EVERY,
        2,
        0.2,
        0.2,
    ]


@pytest.mark.django_db
def test_here_it_works_through_the_database(probe: Any) -> None:
    probe(lambda *_given: Outcome(False, "Connection refused", 3))
    world, other = make_world(), make_location("Tokyo")
    here = work_sources.LocalWork()
    assert here.lease(10) == Leased([], ASK_IDLE)
    row = CheckLocation.objects.get(token_digest=None)
    assert (row.name, row.last_seen_at is not None) == ("Here", True)
    make_check(world, [row, other])
    turns(Worker(here, threading.Event()), lambda: CheckResult.objects.exists())
    result = CheckResult.objects.get()
    assert (result.location, result.ok, result.detail) == (row, False, "Connection refused")


@pytest.mark.django_db
def test_here_a_location_that_is_deleted_stays_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    here = work_sources.LocalWork()
    here.lease(10)
    CheckLocation.objects.all().delete()
    monkeypatch.setattr(work_sources, "_REFRESH", -1)
    assert here.lease(10) == Leased([], ASK_IDLE)
    assert here.report([]) == Reported()
    assert not CheckLocation.objects.exists()


@pytest.mark.django_db
def test_here_a_database_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_given: Any) -> None:
        raise OperationalError("server closed the connection\nmore")

    monkeypatch.setattr(check_work, "lease", away)
    monkeypatch.setattr(work_sources.connection, "close", lambda: None)
    with pytest.raises(WorkSourceError, match="does not answer: server closed the connection"):
        work_sources.LocalWork().lease(10)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((200, {}, b"<html>"), "Expecting value"),
        ((200, {}, b"{}"), "not that of a Watchbill"),
        ((200, {}, b'{"work": [{"run": "x"}], "wait_seconds": 1}'), "not that of a Watchbill"),
        ((401, {}, b"{}"), "refuses the token"),
        ((503, {"retry-after": "9"}, b""), "answered 503"),
        ((302, {"location": "/"}, b""), "answered 302"),
    ],
)
def test_there_strange_answers_are_waited_out(site: Site, answer: Any, reason: str) -> None:
    site.answers["/api/v1/check-worker/lease/"] = site.answers["/api/v1/check-worker/results/"] = answer
    there = work_sources.RemoteWork(site.url, lambda: "wbc_x")
    for call in (lambda: there.lease(5), lambda: there.report([])):
        with pytest.raises(WorkSourceError) as failed:
            call()
        if "Expecting" not in reason:
            assert reason in str(failed.value)
    assert failed.value.retry_after == {401: 10, 503: 9}.get(answer[0], 0)
    there.close()


def test_there_a_renewed_token_is_read_again(site: Site) -> None:
    site.answers["/api/v1/check-worker/lease/"] = (401, {}, b"")
    tokens = iter(["old", "new"])
    there = work_sources.RemoteWork(site.url, lambda: next(tokens))
    for _attempt in range(2):
        with pytest.raises(WorkSourceError):
            there.lease(5)
    assert [headers["authorization"] for _m, _p, headers in site.seen] == ["Bearer old", "Bearer new"]
    there.close()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--url", "watchbill.example"], "must be the address"),
        (["--url", "ftp://watchbill.example"], "must be the address"),
        (["--url", "https://watchbill.example:99999"], "must be the address"),
        (["--url", "https://watchbill.example"], "token is missing"),
        (["--url", "https://watchbill.example", "--token-file", "/nowhere/token"], "token is missing"),
        (["--token-file", "/nowhere/token"], "goes with --url"),
    ],
)
def test_what_is_missing_is_said_at_the_start(
    arguments: list[str], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHECK_WORKER_TOKEN", raising=False)
    with pytest.raises(CommandError, match=reason):
        call_command("check_worker", *arguments)


class Program:
    """The worker as it is started on another machine: no database, no stack, its own folder."""

    def __init__(self, folder: Path, *arguments: str, **environ: str) -> None:
        (folder / "worker").mkdir(parents=True)
        self.log = folder / "worker.log"
        cleared = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "check_worker", *arguments],
                env=cleared | {"ENV_FILE": os.devnull, "WATCHBILL_DATA": str(folder / "worker")} | environ,
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(10)
        finally:
            self.process.kill()
            self.process.wait(5)


@pytest.fixture
def programs() -> Iterator[list[Program]]:
    started: list[Program] = []
    yield started
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait(5)


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_two_workers_elsewhere_find_a_server_down_and_up_again(
    live_server: Any, site: Site, tmp_path: Path, programs: list[Program]
) -> None:
    world = make_world()
    tokens = [
        places.save_location(actor=system_actor(), name=name, with_token=True) for name in ("Berlin", "Tokyo")
    ]
    file = tmp_path / "token"
    file.write_text(f"{tokens[0][1]}\n")
    programs.append(Program(tmp_path / "a", "--url", live_server.url, "--token-file", str(file)))
    programs.append(
        Program(tmp_path / "b", CHECK_WORKER_URL=live_server.url, CHECK_WORKER_TOKEN=tokens[1][1])
    )
    check = make_check(world, [row for row, _token in tokens], target=f"{site.url}/", interval_seconds=20)

    def status() -> str:
        return Check.objects.get(pk=check.pk).status

    def shown() -> str:
        return "\n".join(each.log.read_text() for each in programs)

    until(lambda: status() == CheckStatus.UP, 60)
    assert set(CheckResult.objects.values_list("location__name", "ok")) == {("Berlin", True), ("Tokyo", True)}
    site.answers["/"] = (503, {}, b"")
    CheckRun.objects.update(next_at=START)
    until(lambda: status() == CheckStatus.DOWN, 20)
    details = CheckRun.objects.values_list("detail", flat=True)
    assert all(
        each.startswith("Answered 503 in ") and each.endswith("; expected 200-399") for each in details
    )
    site.answers["/"] = (200, {}, b"")
    CheckRun.objects.update(next_at=START)
    until(lambda: status() == CheckStatus.UP, 20)
    started = time.monotonic()
    assert [each.stop() for each in programs] == [0, 0], shown()
    assert time.monotonic() - started < 8
    assert "Traceback" not in shown()
    assert not any(token in shown() for _row, token in tokens)


@pytest.mark.processes
def test_without_its_server_it_waits_and_ends_when_told(tmp_path: Path, programs: list[Program]) -> None:
    program = Program(tmp_path, CHECK_WORKER_URL="http://127.0.0.1:9", CHECK_WORKER_TOKEN="wbc_x")
    programs.append(program)
    until(lambda: "no work to be had" in program.log.read_text(), 60)
    assert program.process.poll() is None
    assert program.stop() == 0
    assert "Traceback" not in program.log.read_text()

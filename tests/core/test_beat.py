"""The schedule that beat reads while its database goes away."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connection
from django_celery_beat.models import PeriodicTask
from structlog.testing import capture_logs

from config.beat import Scheduler
from config.celery import app
from config.launcher.process import free_port
from core import clock

pytestmark = pytest.mark.django_db(transaction=True)


@contextlib.contextmanager
def no_database() -> Iterator[None]:
    kept = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict |= {"HOST": "127.0.0.1", "PORT": str(free_port())}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict |= kept


def test_a_schedule_that_cannot_be_read_stays_as_it_was_and_is_read_when_the_database_is_back() -> None:
    with capture_logs() as logs, time_machine.travel(clock.now(), tick=False) as machine:
        scheduler = Scheduler(app=app)
        before = set(scheduler.schedule)
        assert "engine-tick" in before
        PeriodicTask.objects.filter(name="engine-tick").update(enabled=False)
        assert set(scheduler.schedule) == before
        with no_database():
            machine.shift(dt.timedelta(minutes=6))
            for _each in range(20):
                assert set(scheduler.schedule) == before
        machine.shift(dt.timedelta(seconds=1))
        assert set(scheduler.schedule) == before - {"engine-tick"}
    # One try a second: each costs a connection and a line.
    assert [row["event"] for row in logs] == ["the schedule is kept as it was read last"]


def test_a_schedule_that_was_never_read_is_an_error() -> None:
    with no_database(), pytest.raises(OperationalError):
        Scheduler(app=app)


def test_changes_are_looked_for_once_a_second(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    seconds = 100.0
    monkeypatch.setattr("config.beat.time", SimpleNamespace(monotonic=lambda: seconds))
    scheduler = Scheduler(app=app)
    assert "engine-tick" in scheduler.schedule
    PeriodicTask.objects.get(name="engine-tick").delete()
    seconds = 100.9
    with django_assert_num_queries(0):
        for _each in range(20):
            assert "engine-tick" in scheduler.schedule
    seconds = 101.0
    assert "engine-tick" not in scheduler.schedule

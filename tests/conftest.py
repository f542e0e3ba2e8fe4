"""Servers start before Django reads its settings; then the fixtures every room shares."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from typing import Any

import django
import pytest
from django.apps import apps
from pytest_django.plugin import blocking_manager_key
from xdist.scheduler import LoadFileScheduling

from tests import servers

pytest_plugins = ["tests.people"]


def pytest_configure(config: pytest.Config) -> None:
    # Importing a product makes much and drops little: looking for what to free is for nothing until then.
    gc.disable()
    servers.start(config)
    django.setup()
    _scan_static_files_once()


def _scan_static_files_once() -> None:
    """Every client of a test loads the middleware anew; the static files stay as they are meanwhile."""
    from core.static import StaticFilesMiddleware

    scan = StaticFilesMiddleware.add_files_from_finders
    found: dict[str, Any] = {}

    def add(self: StaticFilesMiddleware) -> None:
        if not found:
            before = dict(self.files)
            scan(self)
            found.update({url: file for url, file in self.files.items() if before.get(url) is not file})
        self.files.update(found)

    StaticFilesMiddleware.add_files_from_finders = add


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is loaded by now stays until the end: the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


# The longest first, so that no worker is left with them at the end.
LONGEST = ("tests/browser/", "tests/api/test_schema.py", "tests/faults/")


class Shares(LoadFileScheduling):
    """Hands out files, longest first; what needs the one running product goes to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        return LONGEST[0] if nodeid.startswith(LONGEST[0]) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    config.option.loadscopereorder = False
    return Shares(config, log)


def _length(item: pytest.Item) -> int:
    return next((n for n, start in enumerate(LONGEST) if item.nodeid.startswith(start)), len(LONGEST))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=_length)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """A test with committed transactions ends with a flush; the rows of data migrations come back."""
    result = yield
    marker = item.get_closest_marker("django_db")
    if nextitem is not None and marker is not None and marker.kwargs.get("transaction"):
        from core import shipped

        with item.config.stash[blocking_manager_key].unblock():
            shipped.fill(apps)
    return result


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: Any
) -> None:
    """The tables of a worker's test database are a copy: migrations run once for all workers."""
    if servers.TEMPLATE in os.environ:
        with django_db_blocker.unblock():
            servers.migrated_template()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Threads of the product may still hold a connection when the test database is dropped."""
    yield
    from django.db import connection

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with django_db_blocker.unblock():
        connection.close()


@pytest.fixture
def drain(db: None) -> Callable[[], None]:
    """Run what workers would do, on the test's own connection, until nothing is due."""
    from alerts.processing import place_due, process_intake
    from core import relay
    from notifications.sending import send_due
    from oncall.escalation import engine

    def run() -> None:
        for _round in range(50):
            if not (process_intake() + place_due() + relay.drain() + engine.tick(by="test") + send_due()):
                return
        raise AssertionError("work never ended")

    return run


@pytest.fixture(autouse=True)
def _usual_limits() -> Iterator[None]:
    """Delivery limits are asked for every few seconds, which would change counts of statements."""
    from notifications import limits
    from notifications.models import DeliveryLimits

    limits.remember(limits.of_row(DeliveryLimits()), seconds=3600)
    yield
    limits.forget()

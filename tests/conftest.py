"""Servers start before Django reads its settings; then the fixtures every room shares."""

from __future__ import annotations

from collections.abc import Callable

import django
import pytest

from tests import servers

pytest_plugins = ["tests.people"]


def pytest_configure(config: pytest.Config) -> None:
    servers.start(config)
    django.setup()


@pytest.fixture
def drain(db: None) -> Callable[[], None]:
    """Run what workers would do, on the test's own connection, until nothing is due."""
    from alerts.processing import process_intake
    from core import relay
    from notifications.sending import send_due
    from oncall.escalation import engine

    def run() -> None:
        for _round in range(50):
            if not (process_intake() + relay.drain() + engine.tick(by="test") + send_due()):
                return
        raise AssertionError("work never ended")

    return run

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

if TYPE_CHECKING:
    from tests.notifications.support import FakeTransport


@pytest.fixture(autouse=True)
def calm_providers(settings: Any) -> Iterator[None]:
    """Every test begins with closed circuits, and mail is kept rather than refused."""
    from notifications.transports.breaker import breaker

    settings.CAPTURE_MAIL = True
    breaker.reset()
    yield
    breaker.reset()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Time stands still at 03:00 until a test moves it."""
    from tests.notifications.support import NOW

    with time_machine.travel(NOW, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def mail() -> Iterator[FakeTransport]:
    """In place of e-mail: a transport that only notes."""
    yield from _in_place("email")


@pytest.fixture
def browser_toast() -> Iterator[FakeTransport]:
    """In place of the browser: a transport that only notes."""
    yield from _in_place("browser")


def _in_place(channel: str) -> Iterator[FakeTransport]:
    from notifications import transports
    from tests.notifications.support import FakeTransport

    fake = FakeTransport()
    before = transports.register(channel, fake)
    yield fake
    transports.register(channel, before)

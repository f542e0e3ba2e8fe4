from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

if TYPE_CHECKING:
    from tests.notifications.providers import Api, FakePort
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


@pytest.fixture
def local(settings: Any) -> None:
    """Calls may go to this machine, on any port."""
    settings.WEBHOOK_ALLOWED_NETWORKS = ("127.0.0.0/8", "::1/128")
    settings.WEBHOOK_ALLOWED_PORTS = ((1, 65535),)


@pytest.fixture
def port() -> Iterator[FakePort]:
    """In place of incidents: one open subject, `incident:42`."""
    from notifications import replies
    from tests.notifications.providers import FakePort

    fake = FakePort()
    before = replies.register_port(fake)
    yield fake
    if before is not None:
        replies.register_port(before)


@pytest.fixture
def twilio(db: None, local: None) -> Iterator[Api]:
    """A strict stand-in of Twilio, set up."""
    from tests.notifications.providers import twilio_api

    with twilio_api() as server:
        yield server


@pytest.fixture
def slack(db: None, local: None) -> Iterator[Api]:
    """A strict stand-in of Slack, set up."""
    from tests.notifications.providers import slack_api

    with slack_api() as server:
        yield server

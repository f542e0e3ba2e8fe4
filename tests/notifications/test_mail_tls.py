"""Mail by TLS: encrypted before a word is said, to a server that proves its name."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import time_machine

from notifications.models import Delivery, DeliveryAttempt
from notifications.sending import send_due
from notifications.transports.base import Outgoing, TransportError
from notifications.transports.email import EmailTransport, server_of
from tests.factories import make_user
from tests.notifications.support import NOW, FakeTransport, page, table
from tests.notifications.tls import Authority, MailServer, mail_server

pytestmark = pytest.mark.django_db
LOGIN = "watch:p%40ss%2Fword"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The operator trusts it, by the environment."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    return authority


def message() -> Outgoing:
    return Outgoing("1/0/0/3/default", 7, "page", "email", "ada@example.com", "Payments failing")


def send(
    settings: Any, server: MailServer, scheme: str, *, login: str = LOGIN, host: str = "127.0.0.1"
) -> None:
    settings.EMAIL_URL = f"{scheme}://{login}@{host}:{server.port}"
    EmailTransport().send(message(), limit=3)


@pytest.mark.parametrize("scheme", ["smtp+tls", "submission"])
def test_starttls_comes_before_the_password(settings: Any, trusted: Authority, scheme: str) -> None:
    with mail_server(trusted.context("127.0.0.1")) as server:
        send(settings, server, scheme)
    assert server.commands == [
        ("EHLO", False),
        ("STARTTLS", False),
        *((verb, True) for verb in ("EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT")),
    ]
    assert b"Subject: Page: Payments failing" in server.mails[0]


@pytest.mark.parametrize("scheme", ["smtp+ssl", "smtps"])
def test_tls_from_the_start(settings: Any, trusted: Authority, scheme: str) -> None:
    with mail_server(trusted.context("localhost"), implicit=True) as server:
        send(settings, server, scheme, host="localhost")
    assert [verb for verb, encrypted in server.commands if not encrypted] == []
    assert (server.commands[1], len(server.mails)) == (("AUTH", True), 1)


@pytest.mark.parametrize("scheme", ["smtp+tls", "smtp+ssl"])
@pytest.mark.parametrize(
    ("names", "until", "reason"),
    [
        (("127.0.0.1",), None, "unable to get local issuer certificate"),
        (("other.example",), None, "is not valid for '127.0.0.1'"),
        (("127.0.0.1",), dt.datetime(2021, 1, 1, tzinfo=dt.UTC), "certificate has expired"),
    ],
)
def test_a_server_that_cannot_prove_its_name_gets_nothing(
    settings: Any,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
    names: tuple[str, ...],
    until: dt.datetime | None,
    reason: str,
) -> None:
    if "issuer" not in reason:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    context = authority.context(*names, **({"until": until} if until else {}))
    with (
        mail_server(context, implicit=scheme == "smtp+ssl") as server,
        pytest.raises(TransportError, match="certificate is not trusted") as caught,
    ):
        send(settings, server, scheme)
    assert reason in caught.value.message
    assert (caught.value.permanent, caught.value.unavailable) == (False, True)
    assert {verb for verb, _encrypted in server.commands} <= {"EHLO", "STARTTLS"}
    assert server.mails == []


def test_without_starttls_nothing_is_said(settings: Any, trusted: Authority) -> None:
    with (
        mail_server(trusted.context("127.0.0.1"), offers_tls=False) as server,
        pytest.raises(TransportError, match="cannot do what EMAIL_URL asks for: STARTTLS") as caught,
    ):
        send(settings, server, "smtp+tls")
    assert (caught.value.permanent, caught.value.unavailable) == (False, True)
    assert ({verb for verb, _encrypted in server.commands} <= {"EHLO", "QUIT"}, server.mails) == (True, [])


def test_a_wrong_password_is_the_servers_trouble_and_pages_go_another_way(
    settings: Any, trusted: Authority
) -> None:
    with (
        mail_server(trusted.context("127.0.0.1")) as server,
        pytest.raises(TransportError, match="refused us: 535 wrong name") as caught,
    ):
        send(settings, server, "smtp+tls", login="watch:wrong")
    assert (caught.value.permanent, caught.value.unavailable, server.mails) == (False, True, [])


def test_a_page_goes_by_the_next_method_and_mail_is_tried_again(
    settings: Any, authority: Authority, browser_toast: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = make_user("Ada", email="ada@example.com")
    with mail_server(authority.context("127.0.0.1")) as server, time_machine.travel(NOW, tick=False) as clock:
        settings.EMAIL_URL = f"smtp+tls://{LOGIN}@127.0.0.1:{server.port}"
        page(ada.pk, urgency="low")
        send_due()
        assert table("channel", "status") == [("email", "pending"), ("browser", "sent")]
        row = Delivery.objects.get(channel="email")
        assert row.error == (
            "The mail server's certificate is not trusted: unable to get local issuer certificate."
        )
        assert DeliveryAttempt.objects.get(delivery=row).outcome == "skipped"
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
        clock.shift(60)
        send_due()
    assert table("channel", "status", "error") == [("email", "sent", ""), ("browser", "sent", "")]
    assert len(server.mails) == 1


@pytest.mark.parametrize(
    ("verdict", "state", "error"),
    [
        (b"451 greylisted", "pending", "The mail server refused the mail: 451 greylisted"),
        (b"554 spam", "failed", "The mail server refused the mail: 554 spam"),
    ],
)
def test_4xx_is_tried_again_and_5xx_fails_at_once(
    settings: Any,
    trusted: Authority,
    browser_toast: FakeTransport,
    verdict: bytes,
    state: str,
    error: str,
) -> None:
    ada = make_user("Ada", email="ada@example.com")
    with mail_server(trusted.context("127.0.0.1"), implicit=True) as server:
        server.verdict = verdict
        settings.EMAIL_URL = f"smtp+ssl://{LOGIN}@127.0.0.1:{server.port}"
        with time_machine.travel(NOW, tick=False):
            page(ada.pk, urgency="low")
            send_due()
    rows = table("channel", "status", "error")
    assert rows[0] == ("email", state, error)
    assert [row[:2] for row in rows[1:]] == ([("browser", "sent")] if state == "failed" else [])


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("smtp+tls://u:p%40@mx.example", ("mx.example", 587, "u", "p@", True, False)),
        ("submission://mx.example:2525", ("mx.example", 2525, None, None, True, False)),
        ("smtp+ssl://mx.example", ("mx.example", 465, None, None, False, True)),
        ("smtps://mx.example", ("mx.example", 465, None, None, False, True)),
        ("smtp://mx.example", ("mx.example", 25, None, None, False, False)),
        ("smtp://mx.example:587?tls=1", ("mx.example", 587, None, None, True, False)),
    ],
)
def test_what_addresses_of_mail_servers_mean(url: str, wanted: tuple[Any, ...]) -> None:
    found = server_of(url)
    names = ("HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_TLS", "USE_SSL")
    assert tuple(found[f"EMAIL_{name}"] for name in names) == wanted
    assert found["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"

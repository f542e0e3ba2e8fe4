"""Mail: what it looks like, where it goes, and that text from outside stays text."""

from __future__ import annotations

import email
import email.policy
import socket
from typing import Any

import pytest
import time_machine

from notifications.models import CapturedMail, Delivery
from notifications.sending import send_due
from notifications.transports.base import Line, Outgoing, TransportError
from notifications.transports.breaker import FAILURES, breaker
from notifications.transports.calling import call
from notifications.transports.email import EmailTransport
from notifications.transports.email.rendering import render
from tests.factories import make_user
from tests.notifications.support import NOW, FakeTransport, page, silent_server, smtp_server, table

pytestmark = pytest.mark.django_db
EVIL = "<img src=x onerror=alert(1)>\r\nBcc: all@example.com\r\n\r\n<script>alert(2)</script>"


def message(**fields: Any) -> Outgoing:
    values: dict[str, Any] = {
        "key": "1/0/0/3/default",
        "delivery_id": 7,
        "category": "page",
        "channel": "email",
        "address": "ada@example.com",
        "title": "Payments failing",
    }
    return Outgoing(**{**values, **fields})


def test_without_a_server_it_is_kept_as_the_recipient_sees_it(clock: time_machine.Traveller) -> None:
    ada = make_user("Ada")
    page(ada.pk, urgency="low")
    send_due()
    mail = CapturedMail.objects.get()
    assert (mail.recipient, mail.subject) == (ada.email, "Page: Payments failing")
    assert mail.text == (
        "Payments failing\n\n"
        "Card payments fail in the EU.\n\n"
        "Acknowledge (asks once more, works without signing in):\n"
        f"{link_in(mail.text)}\n\n"
        "Open:\n"
        "http://127.0.0.1:8000/incidents/42/\n\n"
        "--\n"
        "Sent by Watchbill. How you are reached: http://127.0.0.1:8000/settings/notifications/\n"
    )
    assert link_in(mail.text).startswith("http://127.0.0.1:8000/a/")
    assert f'href="{link_in(mail.text)}"' in mail.html
    assert mail.headers["Auto-Submitted"] == "auto-generated"
    assert mail.headers["X-Watchbill-Delivery"] == str(Delivery.objects.get().pk)


def link_in(text: str) -> str:
    return next(line for line in text.splitlines() if "/a/" in line)


def test_where_mail_must_leave_a_missing_server_is_a_failure(
    settings: Any, browser_toast: FakeTransport
) -> None:
    settings.CAPTURE_MAIL = False
    ada = make_user("Ada")
    with time_machine.travel(NOW, tick=False):
        page(ada.pk, urgency="low")
        send_due()
    assert table("channel", "status", "error") == [
        ("email", "failed", "No mail server is configured (EMAIL_URL)."),
        ("browser", "sent", ""),
    ]
    assert CapturedMail.objects.count() == 0


def test_row_25_text_from_outside_is_escaped_and_cannot_add_headers() -> None:
    mail = render(message(title=EVIL, body=EVIL, lines=(Line(EVIL, ""),)))
    assert "\n" not in mail.subject and "\r" not in mail.subject
    assert mail.subject.startswith("<img src=x onerror=alert(1)> Bcc: all@example.com")
    assert "<script" not in mail.html
    assert "<img" not in mail.html
    assert "&lt;script&gt;alert(2)&lt;/script&gt;" in mail.html


def test_by_smtp_text_and_html_arrive_with_a_stable_message_id(settings: Any) -> None:
    with smtp_server() as server:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{server.server_address[1]}"
        for _ in range(2):
            EmailTransport().send(message(title=EVIL, body="Grüße ☃"), limit=2)
    first, second = (email.message_from_bytes(raw, policy=email.policy.default) for raw in server.mails)
    assert first["To"] == "ada@example.com"
    assert first["Bcc"] is None
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Auto-Submitted"] == "auto-generated"
    parts = [part.get_content_type() for part in first.walk()]
    assert parts == ["multipart/alternative", "text/plain", "text/html"]
    body: Any = first.get_body(("plain",))
    assert "Grüße ☃" in body.get_content()


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [(b"550 no such user", True), (b"451 try later", False), (b"452 full", False), (b"554 spam", True)],
)
def test_refusals_of_the_recipient(settings: Any, answer: bytes, permanent: bool) -> None:
    with smtp_server(answer) as server:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{server.server_address[1]}"
        with pytest.raises(TransportError) as caught:
            EmailTransport().send(message(), limit=2)
    assert (caught.value.permanent, caught.value.message) == (
        permanent,
        f"The mail server refused the address: {answer.decode()}",
    )


def test_a_server_that_is_not_there_is_tried_again(settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    settings.EMAIL_URL = f"smtp://127.0.0.1:{port}"
    with pytest.raises(TransportError, match="cannot be reached") as caught:
        EmailTransport().send(message(), limit=1)
    assert caught.value.permanent is False


def test_row_14_a_server_that_hangs_costs_the_limit_then_is_left_alone(settings: Any) -> None:
    settings.PROVIDER_TIMEOUT = 0.1
    with silent_server() as port:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{port}"
        for _ in range(FAILURES):
            with pytest.raises(TransportError) as caught:
                call(EmailTransport(), message())
            assert (caught.value.permanent, caught.value.unavailable) == (False, False)
        with pytest.raises(TransportError, match=f"127.0.0.1:{port} has not been answering") as caught:
            call(EmailTransport(), message())
    assert caught.value.unavailable
    assert 29 < (caught.value.retry_after or 0) <= 30


def test_row_14_other_channels_go_on_while_mail_hangs(settings: Any, browser_toast: FakeTransport) -> None:
    settings.PROVIDER_TIMEOUT = 0.1
    ada = make_user("Ada")
    with silent_server() as port, time_machine.travel(NOW, tick=False):
        settings.EMAIL_URL = f"smtp://127.0.0.1:{port}"
        page(ada.pk)
        send_due()
    assert [sent.title for sent in browser_toast.sent] == ["Payments failing"]
    channel, state, error = table("channel", "status", "error")[0]
    assert (channel, state) == ("email", "pending")
    # The library's limit and ours are the same; either may be noticed first.
    assert error == "No answer within 0.1 s." or error.endswith("timed out.")


def test_the_breaker_lets_one_caller_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = [1000.0]
    monkeypatch.setattr("notifications.transports.breaker.time.monotonic", lambda: moment[0])
    for _ in range(FAILURES):
        assert breaker.wait("mx") == 0
        breaker.failed("mx")
    assert breaker.wait("mx") == 30
    moment[0] += 30
    assert (breaker.wait("mx"), breaker.wait("mx")) == (0, 30)
    breaker.failed("mx")
    assert breaker.wait("mx") == 30
    moment[0] += 31
    assert breaker.wait("mx") == 0
    breaker.succeeded("mx")
    assert (breaker.wait("mx"), breaker.wait("mx")) == (0, 0)


def test_failures_far_apart_do_not_open_it(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = [1000.0]
    monkeypatch.setattr("notifications.transports.breaker.time.monotonic", lambda: moment[0])
    for _ in range(20):
        breaker.failed("mx")
        moment[0] += 20
    assert breaker.wait("mx") == 0

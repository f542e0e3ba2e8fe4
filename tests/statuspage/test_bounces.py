"""Mail to subscribers that comes back as a report: counted once, for whom it is about, and for nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.actions import mail
from core import clock
from statuspage.choices import MessageState, SubscriberState
from statuspage.fanout.bounces import Bounce, bounced, read_report, return_path
from statuspage.models import Subscriber, SubscriberMessage
from tests.statuspage.support import make_page
from tests.world import make_world

pytestmark = pytest.mark.django_db
DOMAIN = "in.example.com"


def report(
    status: str = "5.1.1", action: str = "failed", said: str = "550 5.1.1 <ann@example.net> unknown"
) -> bytes:
    """As Postfix writes it."""
    return f"""From: MAILER-DAEMON@mx.example.net
To: bounce
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="b"
MIME-Version: 1.0

--b
Content-Type: text/plain

I'm sorry to have to inform you.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
Arrival-Date: Fri, 20 Nov 2026 03:00:00 +0000

Final-Recipient: rfc822; ann@example.net
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {said}

--b--
""".encode()


@pytest.fixture
def sent(settings: Any) -> list[SubscriberMessage]:
    """Two messages to one subscriber that the mail server has taken."""
    settings.MAIL_BOUNCES, settings.MAIL_INTAKE_DOMAIN = True, DOMAIN
    page = make_page(make_world())
    subscriber = Subscriber.objects.create(
        page=page, kind="email", state=SubscriberState.ACTIVE, address="sealed", address_digest="d"
    )
    now = clock.now()
    return [
        SubscriberMessage.objects.create(
            subscriber=subscriber, state=MessageState.SENT, sent_at=now, next_at=now
        )
        for _each in range(2)
    ]


def state_of(message: SubscriberMessage) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, message.subscriber.__class__.objects.get(pk=message.subscriber_id).state


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (report(), Bounce("5.1.1", "550 5.1.1 … unknown")),
        (report("4.4.1", "delayed"), None),
        (report("2.0.0", "delivered"), None),
        (report("4.2.2", "failed"), None),
        (b"Subject: Out of office\n\nBack on Monday", None),
        (b"", None),
        (b"\x00\xff" * 100, None),
    ],
)
def test_only_a_lasting_failure_is_one(data: bytes, found: Bounce | None) -> None:
    assert read_report(data) == found


def test_an_address_that_is_not_there_ends_at_once(sent: list[SubscriberMessage]) -> None:
    address = return_path(sent[0])
    assert mail.is_known(address)
    mail.take_in(data=report(), sender="", recipients=[address, address.upper()])
    assert state_of(sent[0]) == ("failed", "bounced")
    row = Subscriber.objects.get()
    assert (row.failures, "ann@" in row.last_error) == (1, False)
    mail.take_in(data=report(), sender="", recipients=[address])
    assert Subscriber.objects.get().failures == 1


def test_a_full_mailbox_ends_after_the_second_in_a_row(sent: list[SubscriberMessage]) -> None:
    full = report("5.2.2", said="552 mailbox full")
    mail.take_in(data=full, sender="", recipients=[return_path(sent[0])])
    assert state_of(sent[0]) == ("failed", "active")
    mail.take_in(data=full, sender="", recipients=[return_path(sent[1])])
    assert state_of(sent[1]) == ("failed", "bounced")


def test_nobody_ends_somebody_elses_subscription(sent: list[SubscriberMessage]) -> None:
    local = return_path(sent[0]).partition("@")[0]
    forged = [
        f"{local[:-1]}{'0' if local[-1] != '0' else '1'}@{DOMAIN}",
        f"bounce-1-{'0' * 20}@{DOMAIN}",
        f"bounce-@{DOMAIN}",
    ]
    forged.append(f"{local}@elsewhere.example.com")
    for address in forged:
        assert not mail.is_known(address)
        mail.take_in(data=report(), sender="", recipients=[address])
    assert state_of(sent[0]) == ("sent", "active")


def test_a_message_that_is_not_out_cannot_come_back(sent: list[SubscriberMessage]) -> None:
    SubscriberMessage.objects.update(state=MessageState.PENDING, sent_at=None)
    assert not bounced(sent[0].pk, Bounce("5.1.1", "x"))
    assert state_of(sent[0])[0] == "pending"


def test_without_a_domain_of_its_own_the_usual_sender_stays(
    sent: list[SubscriberMessage], settings: Any
) -> None:
    settings.MAIL_BOUNCES = False
    assert return_path(sent[0]) == ""

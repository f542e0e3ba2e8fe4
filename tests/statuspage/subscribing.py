"""What the tests of subscribers share: making them, running the workers, and a strict stand-in of a receiver."""

from __future__ import annotations

import itertools
from typing import Any

from django.test import Client

from core import clock
from core.crypto import seal
from notifications.models import CapturedMail
from statuspage.choices import SubscriberKind, SubscriberState
from statuspage.fanout.queueing import fan_out
from statuspage.fanout.sending import send_due
from statuspage.models import StatusPage, Subscriber, SubscriberMessage
from statuspage.subscribers.addresses import digest_of

ORIGIN = "http://127.0.0.1:8000"
_numbers = itertools.count(1)


def subscriber(page: StatusPage, address: str = "", *, parts: Any = (), **fields: Any) -> Subscriber:
    """An active one of the whole page unless said otherwise."""
    number = next(_numbers)
    kind = fields.setdefault("kind", SubscriberKind.EMAIL)
    address = address or f"reader{number}@example.com"
    row = Subscriber.objects.create(
        page=page,
        address=seal(address),
        address_digest=digest_of(kind, address),
        **{"state": SubscriberState.ACTIVE, "confirmed_at": clock.now(), **fields},
    )
    row.components.set(parts)
    return row


def work() -> None:
    """What the workers do, until nothing is due."""
    while fan_out() + send_due():
        pass


def messages(*fields: str) -> list[Any]:
    """The messages as rows, oldest first; one field alone as values."""
    rows = SubscriberMessage.objects.order_by("pk")
    return list(rows.values_list(*fields, flat=len(fields) == 1))


def mails() -> list[CapturedMail]:
    return list(CapturedMail.objects.order_by("pk"))


def link_in(mail: CapturedMail, what: str) -> str:
    """Path of the link of that kind in a mail."""
    line = next(line for line in mail.text.splitlines() if f"/{what}/" in line)
    return "/" + line[line.index("http") :].split("/", 3)[3]


def browser() -> Client:
    """Somebody from an address nobody has used before."""
    return Client(enforce_csrf_checks=True, REMOTE_ADDR=f"10.9.{next(_numbers) % 250}.{next(_numbers) % 250}")

"""Mail to subscribers that comes back: each goes out with a return address of its own, and the report that arrives
there (RFC 3464, in a multipart/report of RFC 3462) says which message of whom could not be delivered."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from core.text import one_line
from statuspage.actions.subscribers import drop_waiting
from statuspage.choices import MessageState, SubscriberState
from statuspage.models import Subscriber, SubscriberMessage

PREFIX = "bounce"
_MAC = 20
_LOCAL = re.compile(rf"{PREFIX}-([0-9a-f]{{1,16}})-([0-9a-f]{{{_MAC}}})")
_STATUS = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})")
_MOST_PARTS = 50
_LIVE = (SubscriberState.ACTIVE, SubscriberState.PENDING)


@dataclass(frozen=True)
class Bounce:
    """A delivery that failed for good. `code`: enhanced status of RFC 3463; `reason`: what the server said."""

    code: str
    reason: str

    @property
    def nobody_there(self) -> bool:
        """Whether the address itself is the trouble (5.1.x): it will not get better."""
        return self.code.startswith("5.1.")


def return_path(message: SubscriberMessage) -> str:
    """The address failures of this message are reported to; "" when nobody said that mail of this domain
    comes in here (MAIL_INTAKE_DOMAIN)."""
    if not settings.MAIL_BOUNCES:
        return ""
    return f"{PREFIX}-{message.pk:x}-{_mac(message.pk)}@{settings.MAIL_INTAKE_DOMAIN}"


def read_report(data: bytes) -> Bounce | None:
    """What a report says; None for delays, successes and everything that is no report."""
    mail = message_from_bytes(data, policy=compat32)
    for number, part in enumerate(mail.walk()):
        if number > _MOST_PARTS:
            break
        if part.get_content_type() == "message/delivery-status":
            return next(filter(None, map(_failed, _groups(part))), None)
    return None


class Bounces:
    """Takes reports at the return addresses."""

    prefix = PREFIX

    def knows(self, local: str) -> bool:
        return _message_id(local) is not None

    def take(self, local: str, data: bytes, now: dt.datetime) -> None:
        pk, found = _message_id(local), read_report(data)
        if pk is not None and found is not None:
            bounced(pk, found)


def bounced(message_id: int, bounce: Bounce) -> bool:
    """Write down that a sent message came back; once, however often it is reported. The subscriber is paused when
    nobody is at the address, or when the message before came back too."""
    reason = one_line(f"{bounce.code} {bounce.reason}", 300)
    sent = SubscriberMessage.objects.filter(pk=message_id, state=MessageState.SENT)
    if not sent.update(state=MessageState.FAILED, sent_at=None, error=reason):
        return False
    subscriber = Subscriber.objects.select_for_update(of=("self",), no_key=True).get(messages=message_id)
    before = (
        SubscriberMessage.objects.filter(subscriber=subscriber, pk__lt=message_id)
        .filter(state__in=(MessageState.SENT, MessageState.FAILED))
        .order_by("-pk")
        .values_list("state", flat=True)
        .first()
    )
    subscriber.failures += 1
    subscriber.last_error = reason
    again = before == MessageState.FAILED
    if subscriber.state in _LIVE and (bounce.nobody_there or again):
        subscriber.state = SubscriberState.BOUNCED
    subscriber.save(update_fields=["failures", "last_error", "state"])
    if subscriber.state == SubscriberState.BOUNCED:
        drop_waiting(subscriber)
    return True


def _mac(pk: int) -> str:
    return salted_hmac("statuspage.bounce", str(pk)).hexdigest()[:_MAC]


def _message_id(local: str) -> int | None:
    found = _LOCAL.fullmatch(local)
    if not found:
        return None
    pk = int(found[1], 16)
    return pk if pk < 2**63 and constant_time_compare(_mac(pk), found[2]) else None


def _groups(part: Message) -> Iterator[Message]:
    """The blocks of fields: the first about the message, then one for each recipient."""
    payload = part.get_payload()
    for block in payload if isinstance(payload, list) else []:
        if isinstance(block, Message):
            yield block


def _failed(block: Message) -> Bounce | None:
    if str(block.get("Action", "")).strip().lower() != "failed":
        return None
    status = _STATUS.match(str(block.get("Status", "")))
    if status is None or status[1] != "5":
        return None
    said = str(block.get("Diagnostic-Code", "")).partition(";")[2]
    # Servers repeat the address in what they say; it is kept in one place only.
    said = re.sub(r"\S+@\S+", "…", said)
    return Bounce(".".join(status.groups()), " ".join(said.split()))

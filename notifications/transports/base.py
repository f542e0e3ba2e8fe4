"""What every channel provides."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Protocol


class TransportError(Exception):
    """The message was not accepted.

    `permanent`: trying again is pointless. `retry_after`: seconds the provider asked for.
    `unavailable`: nothing was sent, the provider is known to be down or does not take us.
    `account`: the provider whose settings are refused; admins are shown the message.
    `retire`: the recipient wants or takes nothing any more, so the contact method is switched off.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        unavailable: bool = False,
        account: str = "",
        retire: bool = False,
    ) -> None:
        self.message = message
        self.permanent = permanent
        self.retry_after = retry_after
        self.unavailable = unavailable
        self.account = account
        self.retire = retire
        super().__init__(message)


@dataclass(frozen=True)
class Line:
    """One page inside a bundle. `url` is a full address or ""."""

    title: str
    url: str


@dataclass(frozen=True)
class Outgoing:
    """One message, ready to send: plain data, no database behind it.

    `key` is the idempotency key, the same for every attempt. `url` and `acknowledge_url` are full
    addresses or "". `lines`, `more`: the pages of a bundle and how many beyond them. `code`: a code
    to type in. `secret` signs webhooks or is the address itself (Apprise). `zone`: the recipient's IANA
    zone. `settings`: what the installation knows of the provider, empty when it is not set up.
    `reply_code`: what to answer with besides the digit, when several pages wait at the same number.
    `expires_at`: after that it misleads.
    """

    key: str
    delivery_id: int
    category: str
    channel: str
    address: str
    title: str
    body: str = ""
    url: str = ""
    url_path: str = ""
    urgency: str = "high"
    subject_key: str = ""
    user_id: int | None = None
    name: str = ""
    language: str = "en"
    zone: str = "UTC"
    acknowledge_url: str = ""
    code: str = field(default="", repr=False)
    lines: tuple[Line, ...] = ()
    more: int = 0
    payload: dict[str, Any] = field(default_factory=dict)
    secret: str = field(default="", repr=False)
    settings: dict[str, Any] = field(default_factory=dict, repr=False)
    reply_code: int | None = None
    timestamp: str = ""
    expires_at: dt.datetime | None = None


@dataclass(frozen=True)
class Receipt:
    """The provider has the message. `provider_id`: its name for it."""

    provider_id: str = ""
    detail: str = ""


class Transport(Protocol):
    """One channel. `send` returns or raises `TransportError` within `limit` seconds as far as it can."""

    def remote(self) -> bool:
        """Whether a call leaves this installation: then it runs under a deadline, without database."""

    def provider(self, outgoing: Outgoing) -> str:
        """The host that a failure says something about."""

    def send(self, outgoing: Outgoing, *, limit: float) -> Receipt:
        """Hand the message over."""

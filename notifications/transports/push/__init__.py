"""Web Push (RFC 8030, 8291, 8292): pages on a phone or computer through its browser, without an account."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import urlsplit

import http_ece  # type: ignore[import-untyped]  # ships no types
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils.translation import gettext as _

from core import clock
from notifications.transports.base import Outgoing, Receipt, TransportError
from notifications.transports.http import Answer, post
from notifications.transports.push import vapid
from notifications.transports.push.message import LONGEST_TTL, payload, ttl
from notifications.transports.push.subscription import Subscription, opened, target_of

__all__ = ["LONGEST_TTL", "PushTransport"]

_GONE = {404, 410}
_AGAIN = {408, 425, 429}


class PushTransport:
    """2xx is success: the push service keeps the message until the browser fetches it or its time is over.

    404 and 410 say that the subscription is lost for good. 408, 425, 429, 5xx and network trouble are tried
    again, other answers are final.
    """

    def remote(self) -> bool:
        return True

    def provider(self, outgoing: Outgoing) -> str:
        found = opened(outgoing.secret)
        return found.host if found else "push"

    def send(self, outgoing: Outgoing, *, limit: float) -> Receipt:
        subscription = opened(outgoing.secret)
        if subscription is None:
            raise TransportError(_("This browser no longer gets pages; subscribe it again."), permanent=True)
        if not outgoing.settings:
            raise TransportError(_("Web Push is switched off for this installation."), permanent=True)
        target = target_of(subscription.endpoint)
        body = encrypted(subscription, payload(outgoing))
        return judged(post(target, limit=limit, headers=headers_of(outgoing, subscription), body=body))


def encrypted(subscription: Subscription, content: bytes) -> bytes:
    """The body of RFC 8291: readable by this browser alone, not by the push service."""
    key = ec.generate_private_key(ec.SECP256R1())
    body: bytes = http_ece.encrypt(
        content,
        private_key=key,
        dh=subscription.p256dh,
        auth_secret=subscription.auth,
        version="aes128gcm",
    )
    return body


def headers_of(outgoing: Outgoing, subscription: Subscription) -> dict[str, str]:
    """`Topic` makes a later page about the same thing replace one the browser has not fetched yet."""
    now = clock.now()
    parts = urlsplit(subscription.endpoint)
    found = {
        "authorization": vapid.authorization(
            outgoing.settings["private"],
            outgoing.settings["public"],
            audience=f"https://{parts.netloc}",
            subject=vapid.subject(),
            now=now,
        ),
        "content-encoding": "aes128gcm",
        "content-type": "application/octet-stream",
        "ttl": str(ttl(outgoing, now)),
        "urgency": "high" if outgoing.urgency == "high" else "normal",
        "user-agent": "Watchbill",
    }
    if outgoing.subject_key:
        found["topic"] = topic(outgoing.subject_key)
    return found


def topic(subject_key: str) -> str:
    """32 letters of base64url, the most a Topic may have."""
    return base64.urlsafe_b64encode(hashlib.sha256(subject_key.encode()).digest()[:24]).decode()


def judged(answer: Answer) -> Receipt:
    """Success, or the `TransportError` that says what to do."""
    code = answer.status
    if 200 <= code < 300:
        name = answer.headers.get("location", "")
        return Receipt(provider_id=name.rpartition("/")[2][:200], detail=f"HTTP {code}")
    if code in _GONE:
        reason = _("The browser gave up its subscription (HTTP %(code)d).") % {"code": code}
        raise TransportError(reason, permanent=True, retire=True)
    if code >= 500 or code in _AGAIN:
        raise TransportError(f"{answer.host} answered HTTP {code}.", retry_after=answer.retry_after)
    raise TransportError(f"{answer.host} refused it with HTTP {code}.", permanent=True)

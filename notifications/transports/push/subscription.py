"""A browser's push subscription as the Push API gives it: what is accepted, and how it is called in public."""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import json
import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from django.utils.translation import gettext as _

from core.errors import InvalidInput, field_error
from notifications.transports.base import TransportError
from notifications.transports.webhook.address import Target, allowed, check_url, resolve

ENDPOINT_LIMIT = 2000
# An uncompressed point of P-256, and the authentication secret of RFC 8291.
_POINT_BYTES = 65
_AUTH_BYTES = 16
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*={0,2}")


@dataclass(frozen=True)
class Subscription:
    """`endpoint`: the push service's https address, itself a secret. `p256dh` (65 bytes) and `auth` (16)
    are the browser's public key and authentication secret."""

    endpoint: str
    p256dh: bytes
    auth: bytes

    @property
    def host(self) -> str:
        return urlsplit(self.endpoint).hostname or ""

    @property
    def fingerprint(self) -> str:
        """The first 8 hex digits of SHA-256 of the endpoint: tells subscriptions apart without the secret."""
        return fingerprint(self.endpoint)

    def stored(self) -> str:
        """As JSON, to be sealed."""
        keys = {"p256dh": _encoded(self.p256dh), "auth": _encoded(self.auth)}
        return json.dumps({"endpoint": self.endpoint, "keys": keys})


def fingerprint(endpoint: str) -> str:
    """See `Subscription.fingerprint`."""
    return hashlib.sha256(endpoint.encode()).hexdigest()[:8]


def parse(value: Any) -> Subscription:
    """Check what a page sent (`PushSubscription.toJSON()`); `InvalidInput` names the field and the reason."""
    if not isinstance(value, dict):
        raise field_error("subscription", _("This is not a push subscription."))
    keys = value.get("keys")
    if not isinstance(keys, dict):
        raise field_error("keys", _("The keys of the subscription are missing."))
    endpoint = _checked_endpoint(value.get("endpoint"))
    p256dh = _bytes("p256dh", keys.get("p256dh"), _POINT_BYTES)
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), p256dh)
    except ValueError:
        raise field_error("p256dh", _("This is not a public key on the curve P-256.")) from None
    return Subscription(endpoint, p256dh, _bytes("auth", keys.get("auth"), _AUTH_BYTES))


def opened(stored: str) -> Subscription | None:
    """What `Subscription.stored` wrote; None when there is nothing, or nothing that can be read."""
    try:
        return parse(json.loads(stored)) if stored else None
    except (ValueError, InvalidInput):
        return None


def target_of(endpoint: str) -> Target:
    """The endpoint with its checked addresses; raises `TransportError`, permanent when they are forbidden.

    Endpoints are longer than the addresses of webhooks may be, so the origin alone goes through that check.
    """
    parts = urlsplit(endpoint)
    target = resolve(f"https://{parts.netloc}/")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return replace(target, url=endpoint, path=path)


def _checked_endpoint(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith("https://"):
        raise field_error("endpoint", _("The address of the push service must begin with https://."))
    if len(value) > ENDPOINT_LIMIT or any(not 32 < ord(letter) < 127 for letter in value):
        raise field_error("endpoint", _("The address must be plain ASCII of at most 2,000 characters."))
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
    except ValueError:
        raise field_error("endpoint", _("This is not a valid address.")) from None
    if reason := check_url(f"https://{parts.netloc}/"):
        raise field_error("endpoint", reason)
    if private_literal(host):
        raise field_error("endpoint", _("The push service must not be inside a private network."))
    return value


def private_literal(host: str) -> bool:
    """Whether the host is written as an address that must not be called. Names are looked up when sending."""
    try:
        return not allowed(ipaddress.ip_address(host))
    except ValueError:
        return False


def forbidden(endpoint: str) -> str:
    """Why this endpoint's host may not be called, "" when it may or cannot be looked up now. Asks DNS."""
    try:
        target_of(endpoint)
    except TransportError as error:
        return error.message if error.permanent else ""
    return ""


def _bytes(name: str, value: Any, length: int) -> bytes:
    """base64url without or with padding, of exactly so many bytes."""
    wrong = field_error(name, _("base64url of %(count)d bytes is needed.") % {"count": length})
    if not isinstance(value, str) or len(value) > 2 * length or not _BASE64URL.fullmatch(value):
        raise wrong
    text = value.rstrip("=")
    try:
        found = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise wrong from None
    if len(found) != length:
        raise wrong
    return found


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

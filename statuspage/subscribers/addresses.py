"""Addresses of subscribers: checked, sealed, and found again without being readable."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from core.crypto import derived, unseal
from core.errors import field_error
from notifications.transports.webhook.address import check_url
from statuspage.choices import SubscriberKind
from statuspage.models import Subscriber

MAX_ADDRESS = 500


def checked(kind: str, address: str, field: str = "address") -> str:
    """The address in the shape that is kept; `InvalidInput` on `field` otherwise."""
    address = address.strip()
    if kind == SubscriberKind.EMAIL:
        try:
            validate_email(address)
        except ValidationError:
            raise field_error(field, _("This is not an e-mail address.")) from None
        return address
    reason = check_url(address)
    if reason:
        raise field_error(field, _(reason))
    return address


def digest_of(kind: str, address: str) -> str:
    """Finds an address again: keyed by the installation's secret, the same for upper and lower case of mail."""
    plain = address.strip()
    return derived("statuspage.address", f"{kind}:{plain.lower() if kind == SubscriberKind.EMAIL else plain}")


def told(subscriber: Subscriber) -> str:
    """What managers read: the address, of chat rooms the host alone, because theirs lets anybody post there."""
    secret = subscriber.kind in (SubscriberKind.SLACK, SubscriberKind.TEAMS)
    return hint(subscriber) if secret else unseal(subscriber.address)


def hint(subscriber: Subscriber) -> str:
    """Enough for the owner to recognise it: `a…@example.com`, or the host of a web address."""
    address = unseal(subscriber.address)
    if subscriber.kind == SubscriberKind.EMAIL:
        name, _at, host = address.rpartition("@")
        return f"{name[:1]}…@{host}"
    return urlsplit(address).hostname or ""

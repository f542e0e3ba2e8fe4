"""Links in messages that work without signing in."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner

ACKNOWLEDGE_FOR = dt.timedelta(days=7)
# A full stop instead of the usual colon: some mail programs end a link at a colon.
_SIGNER = TimestampSigner(salt="notifications.acknowledge", sep=".")


def absolute(path: str) -> str:
    """The full address of a path of this installation; full addresses stay as they are."""
    if path.startswith(("http://", "https://")):
        return path
    return f"{settings.BASE_URL}/{path.lstrip('/')}"


def acknowledge_path(delivery_id: int) -> str:
    """The one-tap acknowledge link of a page."""
    return f"/a/{_SIGNER.sign(str(delivery_id))}/"


def read_token(token: str) -> int | None:
    """The delivery a link was made for; None when it is forged or older than seven days."""
    try:
        value = _SIGNER.unsign(token, max_age=ACKNOWLEDGE_FOR)
    except BadSignature:
        return None
    return int(value)

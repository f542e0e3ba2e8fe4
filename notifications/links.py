"""Links in messages that work without signing in."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.core.signing import BadSignature, Signer, TimestampSigner

ACKNOWLEDGE_FOR = dt.timedelta(days=7)
# A full stop instead of the usual colon: some mail programs end a link at a colon.
_SIGNER = TimestampSigner(salt="notifications.acknowledge", sep=".")
# Names a delivery towards a provider, who hands it back. What comes with it is signed by the provider too.
_CALLBACKS = Signer(salt="notifications.callback", sep=".")


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


def callback_token(delivery_id: int) -> str:
    """What a provider is given to name the delivery when it calls back."""
    return _CALLBACKS.sign(str(delivery_id))


def read_callback(token: str) -> int | None:
    """The delivery a provider speaks of; None when the token is not ours."""
    try:
        return int(_CALLBACKS.unsign(token))
    except BadSignature:
        return None


def twilio_status_path(delivery_id: int) -> str:
    """Where Twilio reports what became of a message or call."""
    return f"/callbacks/twilio/status/{callback_token(delivery_id)}/"


def twilio_voice_path(delivery_id: int, turn: int = 1) -> str:
    """Where Twilio fetches what a call says; `turn`: how often it has been said."""
    return f"/callbacks/twilio/voice/{callback_token(delivery_id)}/?turn={turn}"


def twilio_digit_path(delivery_id: int, turn: int) -> str:
    """Where Twilio brings the digit that was pressed."""
    return f"/callbacks/twilio/voice/{callback_token(delivery_id)}/digit/?turn={turn}"

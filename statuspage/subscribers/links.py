"""Signed links in what subscribers get. They need no row, no cookie and no sign-in: the link is the authority."""

from __future__ import annotations

import datetime as dt

from django.core.signing import BadSignature, SignatureExpired, Signer, TimestampSigner

from statuspage.building.load import public_base
from statuspage.models import StatusPage, Subscriber

CONFIRM_FOR = dt.timedelta(days=3)
FORM_FOR = dt.timedelta(hours=24)


class Expired(Exception):
    """The link is ours, and too old."""


def confirm_url(page: StatusPage, subscriber: Subscriber) -> str:
    """Where the subscription is confirmed, for three days."""
    return f"{public_base(page)}confirm/{_timed(page, 'confirm').sign(subscriber.public_id)}/"


def unsubscribe_url(page: StatusPage, subscriber: Subscriber) -> str:
    """Where the subscription is ended; by POST also without a page (RFC 8058)."""
    return f"{public_base(page)}unsubscribe/{_signer(page, 'unsubscribe').sign(subscriber.public_id)}/"


def manage_url(page: StatusPage, subscriber: Subscriber) -> str:
    """Where components and language are chosen."""
    return f"{public_base(page)}manage/{_signer(page, 'manage').sign(subscriber.public_id)}/"


def read_confirm(page: StatusPage, token: str) -> str | None:
    """The subscriber's public id; None when the link is not ours. Raises `Expired`."""
    try:
        return _timed(page, "confirm").unsign(token, max_age=CONFIRM_FOR)
    except SignatureExpired:
        raise Expired from None
    except BadSignature:
        return None


def read_unsubscribe(page: StatusPage, token: str) -> str | None:
    """The subscriber's public id; None when the link is not ours."""
    return _read(page, "unsubscribe", token)


def read_manage(page: StatusPage, token: str) -> str | None:
    """The subscriber's public id; None when the link is not ours."""
    return _read(page, "manage", token)


def form_token(page: StatusPage) -> str:
    """What a form of the page carries instead of a cookie, for a day."""
    return _timed(page, "form").sign(page.public_id)


def form_token_valid(page: StatusPage, token: str) -> bool:
    """Whether the form came from this page's form, and not too long ago."""
    try:
        return _timed(page, "form").unsign(token, max_age=FORM_FOR) == page.public_id
    except BadSignature:
        return False


def _read(page: StatusPage, purpose: str, token: str) -> str | None:
    try:
        return _signer(page, purpose).unsign(token)
    except BadSignature:
        return None


# A full stop instead of the usual colon: some mail programs end a link at a colon.
def _signer(page: StatusPage, purpose: str) -> Signer:
    return Signer(salt=f"statuspage.{purpose}.{page.public_id}", sep=".")


def _timed(page: StatusPage, purpose: str) -> TimestampSigner:
    return TimestampSigner(salt=f"statuspage.{purpose}.{page.public_id}", sep=".")

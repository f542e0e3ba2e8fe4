"""Who we are to push services (VAPID, RFC 8292): one key pair for the installation, made on first use."""

from __future__ import annotations

import base64
import datetime as dt
import json
from email.utils import parseaddr

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.db import transaction

from core.crypto import unseal
from notifications import providers
from notifications.choices import Provider
from notifications.models import ProviderAccount

# Push services take at most 24 hours; less is better should a token leak.
TOKEN_LIFE = dt.timedelta(hours=12)


def keys(*, now: dt.datetime) -> dict[str, str] | None:
    """The installation's keys: `private` (PEM) and `public` (base64url point); None when switched off.

    The first caller makes them; of several at once one wins and all use its keys. Keys that can no longer be
    read because the secret key has changed are made anew: browsers must subscribe again then. One statement.
    """
    row = ProviderAccount.objects.filter(provider=Provider.PUSH).first()
    found = _read(row)
    if found is None:
        row, found = _make(now)
    return found if row is not None and row.enabled else None


def subject() -> str:
    """How a push service reaches the operator: the sender of our mails, else our own https address."""
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    if "." in address.rpartition("@")[2] or not settings.BASE_URL.startswith("https://"):
        return f"mailto:{address or 'watchbill@localhost'}"
    return str(settings.BASE_URL)


def authorization(private: str, public: str, *, audience: str, subject: str, now: dt.datetime) -> str:
    """The Authorization header of one message. `audience`: origin of the push service."""
    claims = {"aud": audience, "exp": int((now + TOKEN_LIFE).timestamp()), "sub": subject}
    return f"vapid t={jwt.encode(claims, private, algorithm='ES256')}, k={public}"


def _make(now: dt.datetime) -> tuple[ProviderAccount, dict[str, str]]:
    with transaction.atomic():
        ProviderAccount.objects.bulk_create(
            [ProviderAccount(provider=Provider.PUSH, updated_at=now)], ignore_conflicts=True
        )
        row = ProviderAccount.objects.select_for_update(no_key=True).get(provider=Provider.PUSH)
        found = _read(row)
        if found is None:
            found = _new_pair()
            row.sealed, row.updated_at = providers.sealed({**found}), now
            row.save(update_fields=["sealed", "updated_at"])
    return row, found


def _read(row: ProviderAccount | None) -> dict[str, str] | None:
    text = unseal(row.sealed) if row is not None and row.sealed else ""
    found = json.loads(text) if text else {}
    return found if found.get("private") and found.get("public") else None


def _new_pair() -> dict[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return {"private": private.decode(), "public": base64.urlsafe_b64encode(public).rstrip(b"=").decode()}

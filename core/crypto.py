"""Secrets at rest: hashes for what is only compared, encryption for what must be sent again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


def digest(secret: str) -> str:
    """SHA-256 hex of a high-entropy secret (a token or key, never a password)."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def derived(purpose: str, name: str) -> str:
    """A stable 32-digit hex secret for `name`, HMAC of the installation's secret key."""
    key = hashlib.sha256(f"{purpose}:{settings.SECRET_KEY}".encode()).digest()
    return hmac.new(key, name.encode(), hashlib.sha256).hexdigest()[:32]


def new_token(prefix: str = "") -> str:
    """A new unguessable token (256 bits), optionally with a readable prefix."""
    return prefix + secrets.token_urlsafe(32)


def new_key() -> str:
    """A new integration key: 32 lower-case hex digits (the PagerDuty Events v2 routing key shape)."""
    return secrets.token_hex(16)


def _fernet() -> Fernet:
    key = hashlib.sha256(b"watchbill.at-rest:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def seal(text: str) -> str:
    """Encrypt `text` for storage."""
    return _fernet().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Decrypt what `seal` made; an empty string when the secret key has changed."""
    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken:
        return ""

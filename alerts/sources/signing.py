"""Signatures senders put on their bodies."""

from __future__ import annotations

import hashlib
import hmac


def hmac_fault(body: bytes, given: str, secret: str) -> str:
    """What is wrong with an HMAC-SHA256 in hex (`sha256=` before it is allowed); "" when it is right."""
    given = given.strip().lower().removeprefix("sha256=")
    if not given:
        return "The request is not signed."
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace")):
        return "The signature does not match the secret."
    return ""

from __future__ import annotations

import secrets

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


def new_id() -> str:
    """A public id as clients of the Statuspage format expect: 12 lower-case base-36 characters."""
    return "".join(secrets.choice(_ALPHABET) for _digit in range(12))

"""Names in addresses that the outside uses."""

from __future__ import annotations

import secrets

from django.utils.text import slugify


def new_local_part(name: str) -> str:
    """A local part that nobody guesses, beginning with what it is for."""
    word = slugify(name)[:30].strip("-") or "alerts"
    return f"{word}-{secrets.token_hex(8)}"

"""Making text from outside safe to store."""

from __future__ import annotations

import re
from typing import Any

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def clean(text: str, limit: int | None = None) -> str:
    """Drop NUL, control characters and lone surrogates; cut to `limit` characters."""
    cleaned = _CONTROL.sub("", text)
    return cleaned if limit is None or len(cleaned) <= limit else cleaned[: limit - 1] + "…"


def one_line(text: str, limit: int) -> str:
    """`clean`, with every run of white space folded into one space."""
    return clean(" ".join(text.split()), limit)


def clean_json(value: Any) -> Any:
    """A copy of parsed JSON in which every string can be stored by Postgres.

    Numbers beyond 64 bits become text: Postgres would give them back as integers no encoder takes.
    """
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(key)): clean_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clean_json(item) for item in value]
    if isinstance(value, float) and not -(2.0**63) <= value < 2.0**64:
        return repr(value)
    return value

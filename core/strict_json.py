"""Parsing JSON from strangers: bounded depth, no NaN, clear reasons. Of duplicate keys the last counts."""

from __future__ import annotations

import re
from typing import Any

import orjson

from core.text import clean_json

MAX_DEPTH = 64


class BadJSON(ValueError):
    """The body is not JSON that can be accepted; the message says why."""


def loads(body: bytes) -> Any:
    """Parse `body` (UTF-8). Raises `BadJSON` for anything malformed, too deep or out of range.

    NUL and lone surrogates inside strings are removed, because Postgres cannot hold them.
    """
    if _too_deep(body):
        raise BadJSON(f"The JSON is nested deeper than {MAX_DEPTH} levels.")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadJSON(f"The body is not valid JSON: {error.msg} at position {error.pos}.") from None
    return clean_json(value)


# A string, closed or not; possessive, so that no body makes it go back.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")


def _too_deep(body: bytes) -> bool:
    """Cheap upper bound first; only a suspicious body is looked at bracket by bracket."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return False
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", body)):
        depth += 1 if bracket in (b"[", b"{") else -1
        if depth > MAX_DEPTH:
            return True
    return False

"""Which program makes the files: when it changes, pages are made anew."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

_ROOM = Path(__file__).resolve().parent.parent
_PARTS = ("building", "templates/statuspage/public", "assets", "locale")
_KINDS = {".py", ".html", ".css", ".js", ".mo"}


@functools.cache
def program() -> str:
    """Sixteen hex digits over everything in this room that shapes a public file."""
    found = hashlib.sha256()
    for part in _PARTS:
        for path in sorted((_ROOM / part).rglob("*")):
            if path.suffix in _KINDS:
                found.update(str(path.relative_to(_ROOM)).encode())
                found.update(path.read_bytes())
    return found.hexdigest()[:16]

"""Entity references: `[kind:][namespace/]name`, and the addresses made of names."""

from __future__ import annotations

import re
from typing import Any

from services.importing.entities import Ref

SERVICE_KINDS = ("component", "resource", "api")
MAX_REFERENCE = 300
_REF = re.compile(
    r"(?:([a-z0-9][a-z0-9.+-]{0,62}):)?(?:([a-z0-9][a-z0-9.-]{0,62})/)?([a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?)"
)
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_EXTERNAL = re.compile(r"([a-z0-9.+-]+):([a-z0-9.-]+)/([a-z0-9._-]+)")


def is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def slug_of(name: str) -> str:
    """The address a name becomes: lower case, `_` and `.` as `-`."""
    return re.sub(r"[-_.\s]+", "-", name.lower()).strip("-")


def parse(value: Any, kinds: tuple[str, ...], namespace: str = "default") -> Ref | None:
    """A reference as a file has it: a text, or `{kind, namespace, name}`; `kinds` when it names none."""
    if isinstance(value, dict):
        parts = [value.get("kind"), value.get("namespace"), value.get("name")]
        if not all(part is None or isinstance(part, str) for part in parts) or not parts[2]:
            return None
        value = "".join(
            (f"{parts[0]}:" if parts[0] else "", f"{parts[1]}/" if parts[1] else "", parts[2] or "")
        )
    if not isinstance(value, str) or len(value) > MAX_REFERENCE:
        return None
    found = _REF.fullmatch(value.strip().lower())
    if found is None:
        return None
    return Ref((found[1],) if found[1] else kinds, found[2] or namespace, found[3])


def external(text: str) -> Ref | None:
    """The reference an external id of Backstage is; None for other ids."""
    found = _EXTERNAL.fullmatch(text)
    return Ref((found[1],), found[2], found[3]) if found else None

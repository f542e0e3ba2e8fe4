"""Who is writing which section at this moment. Kept in the cache alone: each open editor says again and again
that it is there, and what was not repeated is forgotten. Without Redis nobody is shown."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.core.cache import cache

REPEAT = dt.timedelta(seconds=20)
FORGET = dt.timedelta(seconds=50)
_MOST = 50


@dataclass(frozen=True)
class Writer:
    """Somebody at a section, until when."""

    key: str
    user_id: int
    name: str
    until: float


def writers(postmortem_id: int, now: dt.datetime) -> list[Writer]:
    """Everybody who writes in the document, by name."""
    rows = [Writer(*row) for row in cache.get(_key(postmortem_id), ())]
    return sorted((row for row in rows if row.until > now.timestamp()), key=lambda row: row.name)


def arrive(postmortem_id: int, key: str, user_id: int, name: str, now: dt.datetime) -> bool:
    """The editor of a section is open; True when that is news. One person writes in one section at a time."""
    known = writers(postmortem_id, now)
    others = [row for row in known if row.user_id != user_id]
    _keep(postmortem_id, [*others, Writer(key, user_id, name, (now + FORGET).timestamp())])
    return not any(row.user_id == user_id and row.key == key for row in known)


def leave(postmortem_id: int, key: str, user_id: int, now: dt.datetime) -> bool:
    """The editor was closed; True when that is news."""
    known = writers(postmortem_id, now)
    rest = [row for row in known if (row.user_id, row.key) != (user_id, key)]
    if len(rest) == len(known):
        return False
    _keep(postmortem_id, rest)
    return True


def _keep(postmortem_id: int, rows: list[Writer]) -> None:
    plain = [(row.key, row.user_id, row.name, row.until) for row in rows[-_MOST:]]
    cache.set(_key(postmortem_id), plain, int(FORGET.total_seconds()))


def _key(postmortem_id: int) -> str:
    return f"postmortem-writers:{postmortem_id}"

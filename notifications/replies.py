"""The port through which an acknowledge that arrives low (a link in a mail) reaches what it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class ReplySubject:
    """What the confirmation page shows. `open`: an acknowledge would change something."""

    title: str
    url_path: str
    state: str
    open: bool


class ReplyPort(Protocol):
    """Filled in by a higher app in `AppConfig.ready()`."""

    def acknowledge(self, *, subject_key: str, user_id: int, via: str) -> str:
        """Acknowledge in the caller's transaction; returns the sentence the person reads."""

    def decline(self, *, subject_key: str, user_id: int, via: str) -> str:
        """The person cannot take it: whoever is next is paged at once. Returns the sentence they read."""

    def resolve(self, *, subject_key: str, user_id: int, via: str) -> str:
        """Resolve in the caller's transaction; returns the sentence the person reads."""

    def describe(self, *, subject_key: str, user_id: int) -> ReplySubject | None:
        """What the person may see of the subject now; None when nothing. Changes nothing."""


_ports: list[ReplyPort] = []


def register_port(port: ReplyPort) -> ReplyPort | None:
    """Put the port in place; returns the one it takes the place of."""
    before = _ports[0] if _ports else None
    _ports[:] = [port]
    return before


def port() -> ReplyPort:
    """The registered port."""
    if not _ports:
        raise LookupError("No app has registered a reply port.")
    return _ports[0]

"""What other rooms register here: things an action item changes (`incidents.target_hooks` holds the registry, so
that rooms on this floor reach it too), and where customers read."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Protocol

from incidents.target_hooks import Change, Choice, Target, register_target, targets

if TYPE_CHECKING:
    from teams.actor import Actor

__all__ = [
    "Change",
    "Choice",
    "PublicNotices",
    "Target",
    "open_notices",
    "publish_notice",
    "register_public_notices",
    "register_target",
    "targets",
]


class PublicNotices(Protocol):
    """What customers have read about an incident."""

    def open_for(self, actor: Actor, incident_id: int) -> list[tuple[str, str]]:
        """(key, label) of the notices that are over, have no postmortem yet and the actor may write on."""

    def publish(self, actor: Actor, key: str, text: str, now: dt.datetime) -> None:
        """Add the postmortem to a notice, in the caller's transaction; errors of `core.errors` when refused."""


_notices: list[PublicNotices] = []


def register_public_notices(provider: PublicNotices) -> None:
    """The one room that tells the public; another replaces it."""
    _notices[:] = [provider]


def open_notices(actor: Actor, incident_id: int) -> list[tuple[str, str]]:
    """As `PublicNotices.open_for`; empty when nobody tells the public."""
    return _notices[0].open_for(actor, incident_id) if _notices else []


def publish_notice(actor: Actor, key: str, text: str, now: dt.datetime) -> None:
    """As `PublicNotices.publish`."""
    _notices[0].publish(actor, key, text, now)

"""Mail that is for higher rooms: an address whose local part begins with their word goes to them."""

from __future__ import annotations

import datetime as dt
from typing import Protocol


class Taker(Protocol):
    """Takes mail at addresses that begin with `prefix` and a dash."""

    prefix: str

    def knows(self, local: str) -> bool:
        """Whether there is such an address."""

    def take(self, local: str, data: bytes, now: dt.datetime) -> None:
        """Keep what the mail says, in the caller's transaction."""


_takers: dict[str, Taker] = {}


def register_taker(taker: Taker) -> None:
    """Set who takes mail at addresses of this prefix."""
    _takers[taker.prefix] = taker


def taker_of(local: str) -> Taker | None:
    """Who takes mail at this local part (lower case), if there is such an address."""
    taker = _takers.get(local.partition("-")[0])
    return taker if taker is not None and taker.knows(local) else None

"""The delivery limits as the senders use them: from the table, remembered for a few seconds."""

from __future__ import annotations

import datetime as dt
import threading
import time
from dataclasses import dataclass

from notifications.models import DeliveryLimits

REMEMBERED = 5.0


@dataclass(frozen=True)
class Limits:
    """After `singles` pages to one destination within `window`, the rest waits `hold` for its bundle; a page
    not sent within `expires` is dropped."""

    singles: int
    window: dt.timedelta
    hold: dt.timedelta
    expires: dt.timedelta


_lock = threading.Lock()
_known: tuple[float, Limits] | None = None


def current() -> Limits:
    """What counts now; at most five seconds behind the table. Without a row the defaults of the model."""
    with _lock:
        if _known is not None and _known[0] > time.monotonic():
            return _known[1]
    found = of_row(DeliveryLimits.objects.filter(pk=1).first() or DeliveryLimits())
    remember(found)
    return found


def of_row(row: DeliveryLimits) -> Limits:
    """A row as limits."""
    return Limits(
        singles=row.singles,
        window=dt.timedelta(seconds=row.window_seconds),
        hold=dt.timedelta(seconds=row.hold_seconds),
        expires=dt.timedelta(minutes=row.expire_minutes),
    )


def remember(limits: Limits, seconds: float = REMEMBERED) -> None:
    """Use these without asking the table for so long."""
    global _known
    with _lock:
        _known = (time.monotonic() + seconds, limits)


def forget() -> None:
    """Ask the table at the next use."""
    global _known
    with _lock:
        _known = None

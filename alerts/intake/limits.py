"""Rate limits of the intake: 500 requests a second and bursts of 10,000 for each key."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from core import ratelimit
from core.crypto import digest

RATE = 500
BURST = 10_000
# A key over its limit is refused without asking Redis again for so long.
_REMEMBERED_SECONDS = 0.5
_MOST_REMEMBERED = 10_000

_lock = threading.Lock()
_over: dict[str, tuple[float, int]] = {}


def _bucket(key: str) -> str:
    return f"intake:{digest(key)[:24]}"


def wait_for(key: str) -> int:
    """Seconds to wait before the next request with this key; 0 when it may pass. Open without Redis."""
    return ratelimit.take(_bucket(key), rate=RATE, burst=BURST)


def grants(wanted: Mapping[str, int]) -> dict[str, int]:
    """How many of `wanted` requests each key may make now; fewer than wanted put it over its limit."""
    buckets = {key: _bucket(key) for key in wanted}
    found = ratelimit.take_some(
        {buckets[key]: count for key, count in wanted.items()}, rate=RATE, burst=BURST
    )
    granted = {}
    for key, count in wanted.items():
        granted[key], wait = found[buckets[key]]
        if granted[key] < count:
            _remember(key, wait)
    return granted


def over(key: str) -> int:
    """Seconds after which to try again with a key that was over its limit a moment ago; 0 for all others.

    Asks no server, so a flood is refused before it is parsed.
    """
    found = _over.get(key)
    return found[1] if found and time.monotonic() < found[0] else 0


def _remember(key: str, wait: int) -> None:
    with _lock:
        if len(_over) >= _MOST_REMEMBERED:
            _over.clear()
        _over[key] = (time.monotonic() + _REMEMBERED_SECONDS, wait)


# Of one key, a refused body is kept no more often than this.
_KEPT_SECONDS = 5.0
_kept: dict[str, float] = {}


def may_keep(key: str) -> bool:
    """Whether a refused body of this key may be kept now. Asks no server; each process counts for itself."""
    now = time.monotonic()
    with _lock:
        if now - _kept.get(key, -_KEPT_SECONDS) < _KEPT_SECONDS:
            return False
        if len(_kept) >= _MOST_REMEMBERED:
            _kept.clear()
        _kept[key] = now
    return True

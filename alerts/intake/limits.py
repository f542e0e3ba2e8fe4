"""Rate limits of the intake: 500 requests a second and bursts of 10,000 for each key."""

from __future__ import annotations

from core import ratelimit
from core.crypto import digest

RATE = 500
BURST = 10_000


def wait_for(key: str) -> int:
    """Seconds to wait before the next request with this key; 0 when it may pass. Open without Redis."""
    return ratelimit.take(f"intake:{digest(key)[:24]}", rate=RATE, burst=BURST)

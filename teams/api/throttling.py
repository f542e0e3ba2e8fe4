from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from core import ratelimit

RATE = 50
BURST = 1000


class TokenThrottle(BaseThrottle):
    """50 requests a second and bursts of 1,000, for each token or signed-in person."""

    def allow_request(self, request: Request, view: Any) -> bool:
        actor = getattr(request, "actor", None)
        if actor is None:
            return True
        who = f"t{actor.token_id}" if actor.token_id else f"u{actor.user_id}"
        self._wait = ratelimit.take(f"api:{who}", rate=RATE, burst=BURST)
        return self._wait == 0

    def wait(self) -> float | None:
        return float(self._wait)

"""Leaves a provider alone for a while when it keeps failing. Known to this process only."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

FAILURES = 5
WITHIN = 60.0
PAUSE = 30.0


@dataclass
class _State:
    failures: int = 0
    since: float = 0.0
    open_until: float = 0.0


class Breaker:
    """Opens after 5 failures in a row within 60 s, for 30 s; then one call tries again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: dict[str, _State] = {}

    def wait(self, host: str) -> float:
        """Seconds during which this host should not be called; 0 lets the caller through."""
        now = time.monotonic()
        with self._lock:
            state = self._states.get(host)
            if state is None or state.open_until == 0:
                return 0.0
            if state.open_until > now:
                return state.open_until - now
            # The caller that gets through is the probe; the others keep waiting for its result.
            state.open_until = now + PAUSE
            return 0.0

    def succeeded(self, host: str) -> None:
        with self._lock:
            self._states.pop(host, None)

    def failed(self, host: str) -> None:
        now = time.monotonic()
        with self._lock:
            state = self._states.setdefault(host, _State(since=now))
            if state.open_until:
                state.open_until = now + PAUSE
                return
            if now - state.since > WITHIN:
                state.failures, state.since = 0, now
            state.failures += 1
            if state.failures >= FAILURES:
                state.open_until = now + PAUSE

    def reset(self) -> None:
        with self._lock:
            self._states.clear()


breaker = Breaker()

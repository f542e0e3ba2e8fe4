"""Token buckets in Redis; without Redis everybody passes."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from typing import Any

import redis
from django.conf import settings

# Of each key as many whole tokens are taken as are there, up to the number asked for.
_SCRIPT = """
local t = redis.call('TIME')
local now = t[1] + t[2] / 1000000
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local answers = {}
for i, key in ipairs(KEYS) do
  local cost = tonumber(ARGV[2 + i])
  local row = redis.call('HMGET', key, 'n', 't')
  local n = tonumber(row[1]) or burst
  n = math.min(burst, n + (now - (tonumber(row[2]) or now)) * rate)
  local granted = math.min(cost, math.floor(n))
  n = n - granted
  redis.call('HSET', key, 'n', n, 't', now)
  redis.call('EXPIRE', key, math.ceil(burst / rate) + 1)
  answers[2 * i - 1] = granted
  answers[2 * i] = tostring(math.max(0, (cost - granted - n) / rate))
end
return answers
"""


class _Buckets:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._script: Any = None
        self._paused_until = 0.0

    def take(self, wanted: Mapping[str, int], rate: float, burst: int) -> dict[str, tuple[int, int]]:
        free = {key: (count, 0) for key, count in wanted.items()}
        if time.monotonic() < self._paused_until:
            return free
        try:
            answers = self._connect()(
                keys=[f"wb:rate:{key}" for key in wanted], args=[rate, burst, *wanted.values()]
            )
        except (redis.RedisError, OSError):
            self._paused_until = time.monotonic() + 1
            return free
        pairs = zip(answers[::2], answers[1::2], strict=True)
        return {
            key: (int(granted), math.ceil(float(wait)))
            for key, (granted, wait) in zip(wanted, pairs, strict=True)
        }

    def _connect(self) -> Any:
        with self._lock:
            if self._script is None:
                client = redis.Redis.from_url(
                    settings.CELERY_BROKER_URL, socket_timeout=0.1, socket_connect_timeout=0.1
                )
                self._script = client.register_script(_SCRIPT)
            return self._script


_buckets = _Buckets()


def take(key: str, *, rate: float, burst: int) -> int:
    """Take one from the bucket; 0 when there was one, else after how many seconds to try again.

    `rate` is refill per second, `burst` the bucket's size.
    """
    return _buckets.take({key: 1}, rate, burst)[key][1]


def take_some(wanted: Mapping[str, int], *, rate: float, burst: int) -> dict[str, tuple[int, int]]:
    """Take up to so many from each bucket, in one round trip: key → (taken, seconds until the rest is there)."""
    return _buckets.take(wanted, rate, burst)

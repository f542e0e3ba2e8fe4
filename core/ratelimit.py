"""Token buckets in Redis; without Redis everybody passes."""

from __future__ import annotations

import math
import threading
import time

import redis
from django.conf import settings

_SCRIPT = """
local t = redis.call('TIME')
local now = t[1] + t[2] / 1000000
local rate, burst, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local row = redis.call('HMGET', KEYS[1], 'n', 't')
local n = tonumber(row[1]) or burst
n = math.min(burst, n + (now - (tonumber(row[2]) or now)) * rate)
local wait = 0
if n >= cost then n = n - cost else wait = (cost - n) / rate end
redis.call('HSET', KEYS[1], 'n', n, 't', now)
redis.call('EXPIRE', KEYS[1], math.ceil(burst / rate) + 1)
return tostring(wait)
"""


class _Buckets:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._client: redis.Redis | None = None
        self._script: redis.commands.core.Script | None = None
        self._paused_until = 0.0

    def take(self, key: str, rate: float, burst: int, cost: int) -> int:
        if time.monotonic() < self._paused_until:
            return 0
        try:
            with self._lock:
                if self._client is None:
                    self._client = redis.Redis.from_url(
                        settings.CELERY_BROKER_URL, socket_timeout=0.1, socket_connect_timeout=0.1
                    )
                    self._script = self._client.register_script(_SCRIPT)
            wait = float(self._script(keys=[f"wb:rate:{key}"], args=[rate, burst, cost]))  # type: ignore[misc]
        except (redis.RedisError, OSError):
            self._paused_until = time.monotonic() + 1
            return 0
        return math.ceil(wait)


_buckets = _Buckets()


def take(key: str, *, rate: float, burst: int, cost: int = 1) -> int:
    """Take `cost` from the bucket; 0 when there was enough, else after how many seconds to try again.

    `rate` is refill per second, `burst` the bucket's size.
    """
    return _buckets.take(key, rate, burst, cost)

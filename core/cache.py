"""A cache that fails open: without Redis rate limits let everybody in and nothing raises."""

from __future__ import annotations

from typing import Any

import redis
from django.core.cache.backends.redis import RedisCache


class FailOpenRedisCache(RedisCache):
    """Redis cache whose every operation answers "not there" while Redis is away."""

    def _safely(self, default: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(super(), method)(*args, **kwargs)
        except (redis.RedisError, OSError):
            return default

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return self._safely(True, "add", *args, **kwargs)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._safely(default, "get", key, default, version)

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._safely(None, "set", *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        return self._safely(False, "touch", *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return self._safely(False, "delete", *args, **kwargs)

    def get_many(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return self._safely({}, "get_many", *args, **kwargs)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return self._safely(delta, "incr", key, delta, version)

    def set_many(self, data: Any, *args: Any, **kwargs: Any) -> list[Any]:
        return self._safely(list(data), "set_many", data, *args, **kwargs)

    def delete_many(self, *args: Any, **kwargs: Any) -> None:
        self._safely(None, "delete_many", *args, **kwargs)

    def has_key(self, *args: Any, **kwargs: Any) -> bool:
        return self._safely(False, "has_key", *args, **kwargs)

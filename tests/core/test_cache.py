"""The cache fails open: away is the same as empty."""

from __future__ import annotations

import os

import pytest

from config.launcher.process import free_port
from core.cache import FailOpenRedisCache

OPTIONS = {"OPTIONS": {"socket_timeout": 0.1, "socket_connect_timeout": 0.1}}


@pytest.fixture
def away() -> FailOpenRedisCache:
    return FailOpenRedisCache(f"redis://127.0.0.1:{free_port()}/0", OPTIONS)


def test_without_redis_nothing_is_there_and_nothing_raises(away: FailOpenRedisCache) -> None:
    assert away.add("k", 1) is True
    away.set("k", 1)
    assert away.get("k") is None
    assert away.get("k", 7) == 7
    assert away.touch("k") is False
    assert away.delete("k") is False
    assert away.get_many(["k"]) == {}
    assert away.incr("k", 3) == 3
    assert away.set_many({"k": 1}) == ["k"]
    assert away.has_key("k") is False
    away.delete_many(["k"])
    assert away.get_or_set("k", 5) == 5


def test_with_redis_it_is_a_cache() -> None:
    cache = FailOpenRedisCache(os.environ["REDIS_URL"], {**OPTIONS, "KEY_PREFIX": "tests-cache"})
    cache.set("k", {"a": 1})
    assert (cache.get("k"), cache.has_key("k"), cache.add("k", 2)) == ({"a": 1}, True, False)
    assert cache.get_many(["k", "l"]) == {"k": {"a": 1}}
    assert cache.delete("k") is True
    assert cache.get("k") is None
    cache.set("n", 1)
    assert cache.incr("n") == 2
    cache.delete("n")

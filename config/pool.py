"""Web processes pool their database connections; Celery, commands and tests hold one each."""

from __future__ import annotations

from typing import Any

from django.conf import settings

# A request waits at most `timeout` seconds for a connection, then it is answered 503.
_POOL = {"min_size": 1, "max_size": 10, "timeout": 3}


def use_pool() -> None:
    """Pool from now on. Call before the first connection of this process."""
    if not settings.POOL_CONNECTIONS:
        return
    database: dict[str, Any] = settings.DATABASES["default"]
    database["OPTIONS"]["pool"] = _POOL
    # A connection is tried when it is taken: one that the server has ended costs nobody a refusal.
    database["CONN_HEALTH_CHECKS"] = True

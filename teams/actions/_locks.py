from __future__ import annotations

from django.db import connection


def lock(name: str) -> None:
    """Hold an advisory lock of this name until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])

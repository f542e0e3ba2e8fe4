"""One row that cannot be worked on must never stop the others."""

from __future__ import annotations

from collections.abc import Callable

from django.db import DatabaseError, connection, transaction


def contained(work: Callable[[], None], failed: Callable[[], None]) -> None:
    """Do `work` in a savepoint of the present transaction; what it raises is rolled back and left to `failed`.

    `failed` runs while the exception is the present one, so that `log.exception` tells it. When the database
    itself has gone there is nothing to go on with: that is raised.
    """
    try:
        with transaction.atomic():
            work()
    except DatabaseError:
        if not connection.is_usable():
            raise
        failed()
    except Exception:  # noqa: BLE001 - process edge: whatever it is, the next row is not to blame
        failed()

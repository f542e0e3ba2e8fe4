"""Committed data for tests on several connections, and the database as it was afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def reference_rows(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Put back what migrations wrote (severities, the counter, permissions) after the flush.

    Ask for it before the database: it must end after the flush. Goes with `serialized_rollback`.
    """
    yield
    from django.db import connection

    with django_db_blocker.unblock():
        connection.creation.deserialize_db_from_string(connection._test_serialized_contents)

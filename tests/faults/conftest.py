"""Programs of the product, and waiting for what they do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from config.launcher.process import wait_for
from tests.faults.stack import Stack


@pytest.fixture
def stack(tmp_path: Path, transactional_db: None) -> Iterator[Stack]:
    from django.db import connection

    parts = urlsplit(os.environ["DATABASE_URL"])
    made = Stack(tmp_path, urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}")))
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def eventually(request: pytest.FixtureRequest) -> Callable[[Callable[[], bool], float], None]:
    """Ask again and again until it holds; fails with the programs' logs after the seconds given."""

    def wait(condition: Callable[[], bool], seconds: float = 30) -> None:
        if not wait_for(condition, seconds=seconds, interval=0.1):
            used = [name for name in ("stack", "site") if name in request.fixturenames]
            logs = "\n".join(request.getfixturevalue(name).logs() for name in used)
            pytest.fail(f"It did not happen within {seconds} s.\n{logs}")

    return wait

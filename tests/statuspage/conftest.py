from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from statuspage.serving import Store


@pytest.fixture
def serve(settings: Any, tmp_path: Path) -> Store:
    """The store of this process on a folder of its own; `refresh()` stands for its thread."""
    settings.DATA_DIR = tmp_path
    # Models may be loaded only when Django is set up, which is after this file.
    from statuspage.serving import store

    found = store()
    found.ready.set()
    return found

"""Files of people on disk, below the media folder: written before their row, removed after it is gone."""

from __future__ import annotations

import datetime as dt
import os
import secrets
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

# Between writing a file and its row lies one request; what has none after so long never gets one.
ORPHAN_AFTER = dt.timedelta(hours=6)


@dataclass(frozen=True)
class Folder:
    """A folder below the media folder that holds the files of one kind of row."""

    name: str

    def store(self, content: bytes) -> str:
        """Write the bytes under a random name; the path below the media folder."""
        name = secrets.token_hex(20)
        path = f"{self.name}/{name[:2]}/{name}"
        target = Path(settings.MEDIA_ROOT) / path
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return path

    def location(self, path: str) -> Path:
        """Where a stored path is on this machine; `FileNotFoundError` for what lies outside this folder."""
        root = (Path(settings.MEDIA_ROOT) / self.name).resolve()
        target = (Path(settings.MEDIA_ROOT) / path).resolve()
        if root not in target.parents:
            raise FileNotFoundError(path)
        return target

    def discard(self, paths: Iterable[str]) -> None:
        """Remove files; one that is gone already is no error."""
        for path in paths:
            self.location(path).unlink(missing_ok=True)

    def sweep(self, held: Callable[[Collection[str]], set[str]], now: dt.datetime) -> int:
        """Remove files that have no row; how many were removed. `held`: which of these paths have one."""
        root, removed = Path(settings.MEDIA_ROOT) / self.name, 0
        if not root.is_dir():
            return 0
        before = (now - ORPHAN_AFTER).timestamp()
        for folder in sorted(each for each in root.iterdir() if each.is_dir()):
            old = {
                f"{self.name}/{folder.name}/{file.name}"
                for file in folder.iterdir()
                if file.is_file() and file.stat().st_mtime < before
            }
            orphans = old - held(old) if old else set()
            self.discard(orphans)
            removed += len(orphans)
        return removed

"""Log files that cannot fill the disk."""

from __future__ import annotations

import os
from io import FileIO
from pathlib import Path

LIMIT = 5 * 1024 * 1024
KEPT = 2


class LogFile:
    """Appends to `path`; beyond `limit` bytes it becomes `.1`, older ones move up, `kept` stay."""

    def __init__(self, path: Path, *, limit: int = LIMIT, kept: int = KEPT) -> None:
        self.path = path
        self._limit, self._kept = limit, kept
        path.parent.mkdir(parents=True, exist_ok=True)
        self._stream = self._open()
        self._size = path.stat().st_size

    def write(self, data: bytes) -> None:
        if self._size and self._size + len(data) > self._limit:
            self._rotate()
        self._stream.write(data)
        self._size += len(data)

    def close(self) -> None:
        self._stream.close()

    def _open(self) -> FileIO:
        # Readable by its owner alone: what programs log is not for every user of the machine.
        return FileIO(self.path, "ab", opener=lambda path, flags: os.open(path, flags, 0o600))

    def _rotate(self) -> None:
        self._stream.close()
        for number in range(self._kept, 0, -1):
            older = self._numbered(number - 1) if number > 1 else self.path
            if older.exists():
                older.replace(self._numbered(number))
        self._stream = self._open()
        self._size = 0

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")

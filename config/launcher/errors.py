"""What the launcher says when it cannot go on."""

from __future__ import annotations

from pathlib import Path


class LaunchError(Exception):
    """One sentence with the cause and what to do; `log` is the file that holds the details, if any."""

    def __init__(self, message: str, *, log: Path | None = None) -> None:
        super().__init__(message if log is None else f"{message} Details: {log}")


class StopRequested(Exception):
    """A person or the system asked the launcher to end while it was still starting."""

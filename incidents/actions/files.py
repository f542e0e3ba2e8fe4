"""Files of the timeline on disk. Written before their row, removed after it is gone."""

from __future__ import annotations

import datetime as dt
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.db import transaction

from incidents.models import TimelineEntry, TimelineFile

FOLDER = "evidence"
# Between writing a file and its row lies one request; what has none after so long never gets one.
ORPHAN_AFTER = dt.timedelta(hours=6)


def store(content: bytes) -> str:
    """Write the bytes under a random name; the path below the media folder."""
    name = secrets.token_hex(20)
    path = f"{FOLDER}/{name[:2]}/{name}"
    target = Path(settings.MEDIA_ROOT) / path
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return path


def location(path: str) -> Path:
    """Where a stored path is on this machine; never outside the evidence folder."""
    root = (Path(settings.MEDIA_ROOT) / FOLDER).resolve()
    target = (Path(settings.MEDIA_ROOT) / path).resolve()
    if root not in target.parents:
        raise FileNotFoundError(path)
    return target


def discard(paths: Iterable[str]) -> None:
    """Remove files; one that is gone already is no error."""
    for path in paths:
        location(path).unlink(missing_ok=True)


def forget_files(entry: TimelineEntry) -> None:
    """Remove an entry's files: the rows now, the bytes when the transaction has gone through."""
    paths = list(entry.files.values_list("path", flat=True))
    entry.files.all().delete()
    transaction.on_commit(lambda: discard(paths), robust=True)


def sweep(now: dt.datetime) -> int:
    """Remove files that have no row; how many were removed."""
    root, removed = Path(settings.MEDIA_ROOT) / FOLDER, 0
    if not root.is_dir():
        return 0
    before = (now - ORPHAN_AFTER).timestamp()
    for folder in sorted(each for each in root.iterdir() if each.is_dir()):
        old = {
            f"{FOLDER}/{folder.name}/{file.name}"
            for file in folder.iterdir()
            if file.is_file() and file.stat().st_mtime < before
        }
        held = set(TimelineFile.objects.filter(path__in=old).values_list("path", flat=True)) if old else set()
        discard(old - held)
        removed += len(old - held)
    return removed

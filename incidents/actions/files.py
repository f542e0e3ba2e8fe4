"""Files of the timeline on disk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction

from core.kept import Folder
from incidents.models import TimelineEntry, TimelineFile

EVIDENCE = Folder("evidence")


def forget_files(entry: TimelineEntry) -> None:
    """Remove an entry's files: the rows now, the bytes when the transaction has gone through."""
    paths = list(entry.files.values_list("path", flat=True))
    entry.files.all().delete()
    transaction.on_commit(lambda: EVIDENCE.discard(paths), robust=True)


def sweep(now: dt.datetime) -> int:
    """Remove files that have no row; how many were removed."""
    return EVIDENCE.sweep(_held, now)


def _held(paths: Collection[str]) -> set[str]:
    return set(TimelineFile.objects.filter(path__in=paths).values_list("path", flat=True))

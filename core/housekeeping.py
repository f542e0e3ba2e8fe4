"""Rows that have served their time. Each room registers its own at start; the hourly task removes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import structlog
from django.db import DatabaseError, models, transaction

log = structlog.get_logger("watchbill.housekeeping")

BATCH = 1000
# So many batches of one kind in one hour: a backlog is worked off over several.
BATCHES = 100

Stale = Callable[[dt.datetime], models.QuerySet[Any]]
_kinds: dict[str, Stale] = {}


def register(kind: str, stale: Stale) -> None:
    """`stale(now)` gives the rows to remove. Called from `AppConfig.ready()`; the same kind again replaces."""
    _kinds[kind] = stale


def run(now: dt.datetime) -> dict[str, int]:
    """Remove what is due; kind → rows removed. What goes wrong with one kind is logged and stops no other."""
    removed = {}
    for kind, stale in _kinds.items():
        try:
            removed[kind] = remove(stale(now))
        except DatabaseError:
            log.exception("housekeeping failed", what=kind)
    return removed


def remove(rows: models.QuerySet[Any]) -> int:
    """Delete in short transactions of 1,000 rows, leaving out what others hold locked."""
    total = 0
    for _batch in range(BATCHES):
        with transaction.atomic():
            chosen = rows.order_by().select_for_update(skip_locked=True, of=("self",))
            ids = list(chosen.values_list("pk", flat=True)[:BATCH])
            rows.model._base_manager.filter(pk__in=ids).delete()
        total += len(ids)
        if len(ids) < BATCH:
            break
    return total

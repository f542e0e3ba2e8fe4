"""How long what came in stays."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q, QuerySet

from alerts.choices import IntakeStatus
from alerts.models import IntakeItem, ObjectiveCount
from alerts.slo.burn import WINDOWS
from core import housekeeping

KEPT = dt.timedelta(days=30)


def register() -> None:
    """Tell the hourly housekeeping."""
    housekeeping.register("intake without an alert", old_items)
    housekeeping.register("counts of objectives", old_counts)


def old_items(now: dt.datetime) -> QuerySet[Any]:
    """Items older than 30 days that made nothing (mail left out, pings, repeated deliveries), or a change, which is
    kept by itself. Those of an alert stay with it; what was not understood has a limit of its own."""
    made_nothing = Q(status=IntakeStatus.DROPPED) | Q(status=IntakeStatus.DONE, alert__isnull=True)
    return IntakeItem.objects.filter(made_nothing, received_at__lt=now - KEPT)


def old_counts(now: dt.datetime) -> QuerySet[Any]:
    """Counts that the window of their objective has left behind for a day and more."""
    left_behind = Q()
    for days in WINDOWS:
        left_behind |= Q(objective__window_days=days, at__lt=now - dt.timedelta(days=days + 1))
    return ObjectiveCount.objects.filter(left_behind, at__lt=now - dt.timedelta(days=min(WINDOWS) + 1))

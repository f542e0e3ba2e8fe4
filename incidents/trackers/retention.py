from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet

from core import housekeeping
from incidents.models import TrackerEvent

KEPT = dt.timedelta(days=30)


def register() -> None:
    """Tell the hourly housekeeping: trackers send a webhook again for days at most."""
    housekeeping.register("tracker webhooks", _old)


def _old(now: dt.datetime) -> QuerySet[Any]:
    return TrackerEvent.objects.filter(received_at__lt=now - KEPT)

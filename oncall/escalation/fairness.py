"""Who has been paged how often lately: the rule behind "page one of them, fairly"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import Count, Max

from oncall.models import RunPage

WINDOW = dt.timedelta(days=28)

Load = dict[int, tuple[int, dt.datetime]]


def load(user_ids: Iterable[int], at: dt.datetime) -> Load:
    """User id → (pages that reached them in the 28 days before `at`, the last of them). One statement."""
    rows = RunPage.objects.filter(user_id__in=set(user_ids), reached=True, at__gt=at - WINDOW, at__lte=at)
    counted = rows.values("user_id").annotate(pages=Count("pk"), last=Max("at")).order_by()
    return {row["user_id"]: (row["pages"], row["last"]) for row in counted}


def order(known: Load, user_id: int) -> tuple[int, float, int]:
    """Sorts people: fewest pages first, then whose last one is longest ago, then by id."""
    pages, last = known.get(user_id, (0, None))
    return pages, last.timestamp() if last else 0.0, user_id

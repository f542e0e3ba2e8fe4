"""Numbers customers may watch: pushed, shown for a day, kept for a month."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

from django.db import transaction

from core import clock
from core.errors import NotVisible, field_error
from core.text import one_line
from statuspage.actions.common import audit, locked_page, name_of, show
from statuspage.models import Metric, MetricPoint, StatusPage
from teams.actor import Actor

MAX_METRICS = 20
MAX_POINTS = 3_000
KEPT = dt.timedelta(days=30)
_AHEAD = dt.timedelta(minutes=5)


def add_metric(
    *,
    actor: Actor,
    page_id: int,
    name: str,
    suffix: str = "",
    decimals: int = 0,
    now: dt.datetime | None = None,
) -> Metric:
    """A new number on the page."""
    now = now or clock.now()
    name = name_of(name)
    if not 0 <= decimals <= 6:
        raise field_error("decimals", "From 0 to 6.")
    with transaction.atomic():
        page = locked_page(actor, page_id, manage=True)
        count = page.metrics.count()
        if count >= MAX_METRICS:
            raise field_error("name", f"At most {MAX_METRICS} numbers.")
        if page.metrics.filter(name=name).exists():
            raise field_error("name", "The page has a number of this name.")
        metric: Metric = Metric.objects.create(
            page=page,
            name=name,
            suffix=one_line(suffix, 12),
            decimals=decimals,
            position=count + 1,
            created_at=now,
        )
        audit(actor, "metric added", page, name)
        show(page, now, actor, f"Metric {name}")
    return metric


def remove_metric(*, actor: Actor, metric_id: int, now: dt.datetime | None = None) -> None:
    """Take a number and its values away."""
    now = now or clock.now()
    with transaction.atomic():
        metric = _metric(actor, metric_id)
        page = locked_page(actor, metric.page_id, manage=True)
        metric.delete()
        audit(actor, "metric removed", page, metric.name)
        show(page, now, actor, f"Metric {metric.name} removed")


def push_points(
    *,
    actor: Actor,
    metric_id: int,
    points: Sequence[tuple[dt.datetime, float]],
    now: dt.datetime | None = None,
) -> int:
    """Take values in; one for the same instant replaces the one before. How many.

    The page shows them within a minute; it is not made anew for each.
    """
    now = now or clock.now()
    if not 1 <= len(points) <= MAX_POINTS:
        raise field_error("points", f"From 1 to {MAX_POINTS:,} values.")
    rows: dict[dt.datetime, MetricPoint] = {}
    with transaction.atomic():
        metric = _metric(actor, metric_id)
        page = locked_page(actor, metric.page_id)
        for at, value in points:
            if not math.isfinite(value) or abs(value) > 1e15:
                raise field_error("points", "A value must be a finite number.")
            if not now - KEPT < at <= now + _AHEAD:
                raise field_error("points", "Values of the last 30 days, none in the future.")
            rows[at] = MetricPoint(metric=metric, at=at, value=value)
        MetricPoint.objects.bulk_create(
            rows.values(), update_conflicts=True, unique_fields=["metric", "at"], update_fields=["value"]
        )
        soon = now + dt.timedelta(seconds=30)
        if page.rebuild_at is None or page.rebuild_at > soon:
            StatusPage.objects.filter(pk=page.pk).update(rebuild_at=soon)
    return len(rows)


def _metric(actor: Actor, metric_id: int) -> Metric:
    metric: Metric | None = Metric.objects.visible_to(actor).filter(pk=metric_id).first()
    if metric is None:
        raise NotVisible
    return metric

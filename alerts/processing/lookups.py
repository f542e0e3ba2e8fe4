"""Intake items with all a batch needs to know about them, in one statement."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from alerts.choices import AlertStatus
from alerts.models import Alert, FoldedKey, IntakeItem, RoutingRule
from alerts.processing.folding import WINDOW, storm_group


def looked_up(items: QuerySet[IntakeItem], service_id: int | None, now: dt.datetime) -> QuerySet[Any]:
    """The items of one service with these beside them:

    `latest`: id of the newest alert of their key. `folded_into`: id of the open storm alert that stands for the key.
    `ruled`: whether the integration's team has rules. `recent`: alerts of the service in the last minute. `storm`:
    id of the service's open storm alert. The last two are asked for once, the others by an index for each item.
    """
    same = {"integration": OuterRef("integration"), "dedup_key": OuterRef("dedup_key")}
    newest = Alert.objects.filter(**same).order_by("-pk").values("pk")[:1]
    folded = FoldedKey.objects.filter(**same).exclude(alert__status=AlertStatus.RESOLVED)
    rules = RoutingRule.objects.filter(team=OuterRef("integration__team"), is_active=True)
    storm = Alert.objects.open().filter(
        service=service_id, group_key=storm_group(service_id or 0), folded__gt=0
    )
    return items.select_related("integration", "service__team", "service__alerting").annotate(
        latest=Subquery(newest),
        folded_into=Subquery(folded.values("alert")[:1]),
        ruled=Exists(rules),
        recent=Coalesce(Subquery(_count(service_id, now - WINDOW)), 0),
        storm=Subquery(storm.order_by("-pk").values("pk")[:1]),
    )


def recent_alerts(service_id: int | None, since: dt.datetime) -> int:
    """How many alerts of the service were first seen after `since`."""
    return int(Alert.objects.filter(service=service_id, first_seen_at__gt=since).count())


def _count(service_id: int | None, since: dt.datetime) -> QuerySet[Any]:
    rows = Alert.objects.filter(service=service_id, first_seen_at__gt=since).order_by()
    counted: QuerySet[Any] = rows.values("service").annotate(found=Count("pk")).values("found")
    return counted

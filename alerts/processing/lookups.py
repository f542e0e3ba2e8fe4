"""Intake items with all a batch needs to know about them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce

from alerts.choices import AlertStatus
from alerts.models import Alert, FoldedKey, IntakeItem, RoutingRule
from alerts.processing.folding import WINDOW, storm_group
from services.models import Service

_OF_SERVICE = ("team", "alerting")


def looked_up(items: QuerySet[IntakeItem], service_id: int | None, now: dt.datetime) -> list[Any]:
    """The items of one service in their order, with their integration and service, and these beside them:

    `latest`: id of the newest alert of their key. `folded_into`: id of the open storm alert that stands for the key.
    `ruled`: whether the integration's team has rules. `recent`: alerts of the service in the last minute. `storm`:
    id of the service's open storm alert. `due`: whether alerts of the service wait for a place whose time has come.
    The last three are asked for once, the others by an index for each item.
    """
    rules = RoutingRule.objects.filter(team=OuterRef("integration__team"), is_active=True)
    storm = Alert.objects.open().filter(
        service=service_id, group_key=storm_group(service_id or 0), folded__gt=0
    )
    rows: QuerySet[Any] = items.annotate(
        **_of_key(),
        ruled=Exists(rules),
        recent=Coalesce(Subquery(_count(service_id, now - WINDOW)), 0),
        storm=Subquery(storm.order_by("-pk").values("pk")[:1]),
        due=Exists(Alert.objects.due(service_id, now)),
    )
    return list(rows)


def alone(items: QuerySet[IntakeItem]) -> QuerySet[IntakeItem]:
    """For a few items: integration and service with each, in the same statement."""
    return items.select_related("integration", *(f"service__{name}" for name in _OF_SERVICE))


def together(items: QuerySet[IntakeItem]) -> QuerySet[IntakeItem]:
    """For many: integrations and the service once, in statements of their own."""
    services = Service.objects.select_related(*_OF_SERVICE)
    return items.prefetch_related("integration", Prefetch("service", services))


def look_up_again(items: Sequence[Any]) -> None:
    """Set what is known of their keys on items that were given other keys."""
    rows: Any = IntakeItem.objects.filter(pk__in=[item.pk for item in items]).annotate(**_of_key())
    found = {pk: (latest, folded) for pk, latest, folded in rows.values_list("pk", "latest", "folded_into")}
    for item in items:
        item.latest, item.folded_into = found[item.pk]


def _of_key() -> dict[str, Subquery]:
    same = {"integration": OuterRef("integration"), "dedup_key": OuterRef("dedup_key")}
    newest = Alert.objects.filter(**same).order_by("-pk").values("pk")[:1]
    folded = FoldedKey.objects.filter(**same).exclude(alert__status=AlertStatus.RESOLVED)
    return {"latest": Subquery(newest), "folded_into": Subquery(folded.values("alert")[:1])}


def recent_alerts(service_id: int | None, since: dt.datetime) -> int:
    """How many alerts of the service were first seen after `since`."""
    return int(Alert.objects.filter(service=service_id, first_seen_at__gt=since).count())


def _count(service_id: int | None, since: dt.datetime) -> QuerySet[Any]:
    rows = Alert.objects.filter(service=service_id, first_seen_at__gt=since).order_by()
    counted: QuerySet[Any] = rows.values("service").annotate(found=Count("pk")).values("found")
    return counted

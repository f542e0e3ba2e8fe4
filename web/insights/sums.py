"""The incidents that count, and the one statement that sums them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from incidents.choices import IncidentKind, IncidentStatus
from incidents.models import Incident, IncidentService
from services.models import Service
from web.insights.shapes import Question

_LEFT_OUT = (IncidentStatus.DECLINED, IncidentStatus.MERGED)
# `Incident.started_at`, as the database says it.
STARTED = Coalesce("impact_started_at", "detected_at", "declared_at", "created_at")
# What the acknowledge window counts from.
DETECTED = Coalesce("detected_at", "declared_at")
COUNTED = Q(kind=IncidentKind.REAL) & ~Q(status__in=_LEFT_OUT)


def incidents(question: Question) -> QuerySet[Any]:
    """Real incidents that began in the scope and the actor may see, with `began`; no drills, nothing backfilled,
    no maintenance, none that was declined or merged away."""
    scope = question.scope
    rows: QuerySet[Any] = (
        Incident.objects.visible_to(question.actor)
        .filter(COUNTED)
        .annotate(began=STARTED, noticed=DETECTED)
        .filter(began__gte=scope.start, began__lt=scope.end)
        .order_by()
    )
    return _narrowed(rows, question)


def _narrowed(rows: QuerySet[Any], question: Question) -> QuerySet[Any]:
    scope = question.scope
    if scope.team:
        rows = rows.filter(team__slug=scope.team)
    if scope.service:
        touched = IncidentService.objects.filter(service__in=services(question).filter(slug=scope.service))
        rows = rows.filter(pk__in=touched.values("incident_id"))
    if scope.severities:
        rows = rows.filter(of_severities(scope.severities))
    return rows


def of_severities(words: tuple[str, ...], prefix: str = "") -> Q:
    condition = Q(**{f"{prefix}severity_id__in": [int(word) for word in words if word != "none"]})
    return condition | Q(**{f"{prefix}severity__isnull": True}) if "none" in words else condition


def services(question: Question) -> QuerySet[Service]:
    found: QuerySet[Service] = Service.objects.visible_to(question.actor).order_by()
    return found


def chosen(question: Question) -> QuerySet[Any, Any]:
    """The columns the statements read."""
    return incidents(question).values(
        "id",
        "severity_id",
        "impact_started_at",
        "detected_at",
        "acknowledged_at",
        "mitigated_at",
        "resolved_at",
        "review_held_at",
        "ack_window_met",
        "began",
        "noticed",
        published=F("postmortem__published_at"),
    )


def run(
    text: str, values: Sequence[Any] = (), *, before: str = "", **named: QuerySet[Any, Any]
) -> list[dict[str, Any]]:
    """One statement; it reads the querysets as tables by the names given. `before`: more such tables, as SQL
    that begins with a comma. Neither text holds anything somebody typed."""
    parts: list[str] = []
    params: list[Any] = []
    try:
        for name, queryset in named.items():
            inner, own = queryset.query.sql_with_params()
            parts.append(f"{name} AS ({inner})")
            params += own
    except EmptyResultSet:
        return []
    joined = " ".join(["WITH", ", ".join(parts), before, text])
    with connection.cursor() as cursor:
        cursor.execute(joined, [*params, *values])
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

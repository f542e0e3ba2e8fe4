"""Filters of the incident list, for page and API alike."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from incidents.choices import ACTIVE, IncidentKind, IncidentStatus
from incidents.models import Incident
from services.models import Service
from teams.actor import Actor


class IncidentFilter(django_filters.FilterSet):
    """`status` (several; `active` stands for all open ones), `severity`, `team`, `service`, `kind`, `q`."""

    status = django_filters.CharFilter(method="by_status")
    severity = django_filters.CharFilter(method="by_severity")
    team = django_filters.CharFilter(field_name="team__slug")
    service = django_filters.CharFilter(method="by_service")
    kind = django_filters.ChoiceFilter(choices=IncidentKind.choices)
    q = django_filters.CharFilter(method="by_text")

    class Meta:
        model = Incident
        fields: list[str] = []

    def __init__(self, *args: Any, actor: Actor | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor or getattr(self.request, "actor", None)

    def _all(self, name: str) -> list[str]:
        values = self.data.getlist(name) if hasattr(self.data, "getlist") else [self.data.get(name, "")]
        return [part for value in values for part in value.split(",") if part]

    def by_status(self, queryset: QuerySet[Incident], name: str, value: str) -> QuerySet[Incident]:
        wanted = set(self._all(name))
        if "active" in wanted:
            wanted |= set(ACTIVE)
        known = wanted & set(IncidentStatus.values)
        return queryset.filter(status__in=known)

    def by_severity(self, queryset: QuerySet[Incident], name: str, value: str) -> QuerySet[Incident]:
        values = self._all(name)
        ranks = [int(item) for item in values if item.isdigit() and len(item) == 1]
        condition = Q(severity_id__in=ranks)
        if "none" in values:
            condition |= Q(severity__isnull=True)
        return queryset.filter(condition)

    def by_service(self, queryset: QuerySet[Incident], name: str, value: str) -> QuerySet[Incident]:
        visible = Service.objects.visible_to(self.actor) if self.actor else Service.objects.none()
        return queryset.filter(service_rows__service__in=visible.filter(slug__in=self._all(name))).distinct()

    def by_text(self, queryset: QuerySet[Incident], name: str, value: str) -> QuerySet[Incident]:
        text = value.strip().lstrip("#")[:200].replace("\x00", "")
        condition = Q(title__icontains=text) | Q(impact__icontains=text)
        if text.isdigit() and len(text) < 10:
            condition |= Q(number=int(text))
        return queryset.filter(condition)

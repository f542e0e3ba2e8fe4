from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from alerts.choices import AlertStatus
from alerts.models import Alert


class AlertFilter(django_filters.FilterSet):
    """`service` (slug), `status` (several; `open` for all open), `incident` (number), `q`."""

    service = django_filters.CharFilter(field_name="service__slug")
    status = django_filters.CharFilter(method="by_status")
    incident = django_filters.NumberFilter(field_name="incident__number", max_value=2**31 - 1, min_value=1)
    q = django_filters.CharFilter(method="by_text")

    class Meta:
        model = Alert
        fields: list[str] = []

    def by_status(self, queryset: QuerySet[Alert], name: str, value: Any) -> QuerySet[Alert]:
        values = self.data.getlist(name) if hasattr(self.data, "getlist") else [value]
        wanted = {part for item in values for part in item.split(",")}
        if "open" in wanted:
            wanted |= {AlertStatus.FIRING, AlertStatus.ACKNOWLEDGED}
        return queryset.filter(status__in=wanted & set(AlertStatus.values))

    def by_text(self, queryset: QuerySet[Alert], name: str, value: str) -> QuerySet[Alert]:
        text = value.replace("\x00", "")[:200]
        return queryset.filter(Q(title__icontains=text) | Q(dedup_key=text))

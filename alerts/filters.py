from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from alerts.choices import AlertStatus, SourceKind
from alerts.models import Alert
from notifications.choices import Urgency

LARGEST = 2**31 - 1


class AlertFilter(django_filters.FilterSet):
    """`service` and `team` (slug), `status` (several; `open` for all open), `source` (kinds, several), `urgency`,
    `is` (several of held, flapping, alone: without incident, symptom), `incident` (number), `rule`, `silence` and
    `window` (id), `q` (words of the title, or the whole dedup key)."""

    service = django_filters.CharFilter(field_name="service__slug")
    team = django_filters.CharFilter(field_name="team__slug")
    status = django_filters.CharFilter(method="by_status")
    source = django_filters.CharFilter(method="by_source")
    urgency = django_filters.ChoiceFilter(choices=Urgency.choices)
    incident = django_filters.NumberFilter(field_name="incident__number", max_value=LARGEST, min_value=1)
    rule = django_filters.NumberFilter(field_name="rule_id", max_value=LARGEST, min_value=1)
    silence = django_filters.NumberFilter(field_name="silence_id", max_value=LARGEST, min_value=1)
    window = django_filters.NumberFilter(field_name="window_id", max_value=LARGEST, min_value=1)
    q = django_filters.CharFilter(method="by_text")

    class Meta:
        model = Alert
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        found: QuerySet[Alert] = super().filter_queryset(queryset)
        for word in self._words("is") & _MARKS.keys():
            found = found.filter(_MARKS[word])
        return found

    def by_status(self, queryset: QuerySet[Alert], name: str, value: Any) -> QuerySet[Alert]:
        wanted = self._words(name, value)
        if "open" in wanted:
            wanted |= {AlertStatus.FIRING, AlertStatus.ACKNOWLEDGED}
        return queryset.filter(status__in=wanted & set(AlertStatus.values))

    def by_source(self, queryset: QuerySet[Alert], name: str, value: Any) -> QuerySet[Alert]:
        return queryset.filter(integration__kind__in=self._words(name, value) & set(SourceKind.values))

    def by_text(self, queryset: QuerySet[Alert], name: str, value: str) -> QuerySet[Alert]:
        text = value.replace("\x00", "")[:200]
        return queryset.filter(Q(title__icontains=text) | Q(dedup_key=text))

    def _words(self, name: str, value: Any = "") -> set[str]:
        """All values of a name in the address, each may hold several with commas."""
        values = self.data.getlist(name) if hasattr(self.data, "getlist") else [value]
        return {part for item in values for part in str(item).split(",") if part}


_MARKS = {
    "held": ~Q(held_by=""),
    "flapping": Q(flapping=True),
    "alone": Q(incident__isnull=True),
    "symptom": Q(symptom_of__isnull=False),
}

"""How many alerts each filter would leave, for the chips of the list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext as _

from alerts.choices import AlertStatus, SourceKind
from alerts.models import Alert

# Counted among the newest only: what is older is found by words, not by chips.
COUNTED = 2000
_SERVICES = 12

Choice = tuple[str, str, int]


@dataclass(frozen=True)
class Facets:
    """Chips by group, each (value, label, count); those that would leave nothing are not there."""

    status: list[Choice]
    source: list[Choice]
    service: list[Choice]
    marks: list[Choice]


def facets(rows: QuerySet[Alert]) -> Facets:
    """Counts among the newest 2,000 of these alerts; one statement."""
    newest = rows.order_by("-pk").values("pk")[:COUNTED]
    found: list[Any] = list(
        Alert.objects.filter(pk__in=newest)
        .order_by()
        .values("status", kind=F("integration__kind"), slug=F("service__slug"), label=F("service__name"))
        .annotate(
            many=Count("pk"),
            held=Count("pk", filter=~Q(held_by="")),
            flapping=Count("pk", filter=Q(flapping=True)),
            alone=Count("pk", filter=Q(incident__isnull=True)),
        )
    )

    def count(key: str, value: str) -> int:
        return sum(row["many"] for row in found if row[key] == value)

    statuses = [(value, str(label), count("status", value)) for value, label in AlertStatus.choices]
    opened = sum(many for value, _label, many in statuses if value != AlertStatus.RESOLVED)
    sources = [(value, str(label), count("kind", value)) for value, label in SourceKind.choices]
    services = [
        (slug, label, count("slug", slug))
        for slug, label in {row["slug"]: row["label"] for row in found}.items()
        if slug
    ]
    marks = [
        (name, label, sum(row[name] for row in found))
        for name, label in (
            ("held", _("Held back")),
            ("flapping", _("Flapping")),
            ("alone", _("Without incident")),
        )
    ]
    return Facets(
        status=_some([("open", _("Open"), opened), *statuses]),
        source=_some(sources),
        service=sorted(_some(services), key=lambda row: (-row[2], row[1]))[:_SERVICES],
        marks=_some(marks),
    )


def _some(choices: list[Choice]) -> list[Choice]:
    return [row for row in choices if row[2]]

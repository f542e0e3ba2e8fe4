"""Reads of alerts and integrations."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet

from alerts.choices import AlertStatus
from alerts.models import Alert, IntakeItem, Integration, MaintenanceWindow, Silence
from core import clock
from incidents.models import Incident
from teams.actor import Actor


def for_list(actor: Actor) -> QuerySet[Alert]:
    """Visible alerts with what a row shows; the heavy payload stays where it is."""
    return (  # type: ignore[no-any-return]
        Alert.objects.visible_to(actor)
        .select_related("service", "integration", "incident", "team")
        .defer("raw", "description")
    )


def of_incident(actor: Actor, number: int, limit: int = 50) -> list[Alert]:
    """Alerts of a visible incident, open ones first."""
    visible = Incident.objects.visible_to(actor).filter(number=number)
    rows = Alert.objects.filter(incident__in=visible).select_related("service", "integration")
    return list(rows.defer("raw").order_by("resolved_at", "-pk")[:limit])


def visible_incident(alert: Alert, actor: Actor) -> Incident | None:
    """The alert's incident, if the actor may see that too."""
    return Incident.objects.visible_to(actor).filter(pk=alert.incident_id).first()


def may_snooze(alert: Alert, actor: Actor) -> bool:
    """Whether the alert is open, its incident goes on and the actor may snooze that."""
    mine = Incident.objects.allowing(actor, "snooze").active().filter(pk=alert.incident_id)
    return alert.status != AlertStatus.RESOLVED and mine.exists()


def integrations(actor: Actor) -> QuerySet[Integration]:
    """Visible integrations with service, team and how many alerts are open."""
    opened = Count("alerts", filter=~Q(alerts__status="resolved"))
    rows = Integration.objects.visible_to(actor).select_related("service", "team")
    return rows.exclude(name="Rehearsals", is_active=False).annotate(open_alerts=opened)  # type: ignore[no-any-return]


def last_items(integration: Integration, limit: int = 20) -> list[IntakeItem]:
    """The last payloads with what they became."""
    rows = IntakeItem.objects.filter(integration=integration).select_related("alert__incident")
    return list(rows.order_by("-pk")[:limit])


def holds(actor: Actor) -> dict[str, list[Any]]:
    """Silences and windows that run or are to come, soonest end first."""
    now = clock.now()
    fields = ("service__team", "created_by")
    return {
        "silences": list(
            Silence.objects.visible_to(actor)
            .filter(ends_at__gt=now)
            .select_related(*fields)
            .order_by("ends_at")[:100]
        ),
        "windows": list(
            MaintenanceWindow.objects.visible_to(actor)
            .filter(ends_at__gt=now)
            .select_related(*fields)
            .order_by("ends_at")[:100]
        ),
    }

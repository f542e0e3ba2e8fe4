"""Reads of heartbeats and of addresses mail comes in at."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Count, QuerySet

from alerts.choices import INTERNAL_KINDS, HeartbeatStatus, SourceKind
from alerts.models import Alert, Check, Heartbeat, Integration, Objective
from teams.actor import Actor


def heartbeats_of(actor: Actor, *, status: list[str] | None = None) -> QuerySet[Heartbeat]:
    """Visible heartbeats, perhaps only those of some states."""
    rows: QuerySet[Heartbeat] = Heartbeat.objects.visible_to(actor)
    rows = rows.select_related("service", "team", "integration")
    wanted = set(status or ()) & set(HeartbeatStatus.values)
    return rows.filter(status__in=wanted) if wanted else rows


def counts_of(actor: Actor) -> list[tuple[str, str, int]]:
    """(status, label, how many) of visible heartbeats, for the filter."""
    rows = Heartbeat.objects.visible_to(actor).order_by().values("status").annotate(n=Count("pk"))
    found = {row["status"]: row["n"] for row in rows}
    return [(value, str(label), found.get(value, 0)) for value, label in HeartbeatStatus.choices]


def alerts_over(integration_id: int, limit: int = 20) -> list[Alert]:
    """The newest alerts that came in over an integration, for a history."""
    rows = Alert.objects.filter(integration_id=integration_id).select_related("incident")
    return list(rows.defer("raw", "description").order_by("-pk")[:limit])


def mail_address(integration: Integration) -> str:
    """Where the integration takes mail; "" when none is taken in."""
    if not settings.MAIL_INTAKE_PORT or not integration.mail_local:
        return ""
    return f"{integration.mail_local}@{settings.MAIL_INTAKE_DOMAIN}"


def by_hand(rows: QuerySet[Integration]) -> QuerySet[Integration]:
    """Without those that belong to a heartbeat, a check or an objective."""
    return rows.exclude(kind__in=INTERNAL_KINDS)


def owner_url(actor: Actor, integration_id: int) -> str | None:
    """The page of the heartbeat, check or objective that an integration belongs to, if the actor may see it."""
    for model in (Heartbeat, Check, Objective):
        owner: Heartbeat | Check | Objective | None
        owner = model.objects.visible_to(actor).filter(integration_id=integration_id).first()
        if owner is not None:
            return owner.get_absolute_url()
    return None


def report_url(integration: Integration) -> str:
    """Where the public form is; "" for other kinds."""
    if integration.kind != SourceKind.REPORT or not integration.mail_local:
        return ""
    return f"{settings.BASE_URL}/report/{integration.mail_local}/"

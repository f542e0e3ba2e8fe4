"""Reads of alerts and integrations."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from django.db.models import Count, F, Q, QuerySet

from alerts.choices import AlertStatus
from alerts.models import Alert, IntakeItem, Integration
from alerts.words import facts_of
from incidents.models import Incident
from incidents.runbooks.selectors import Offer, fitting
from services.choices import LinkKind
from services.models import Service, ServiceLink
from teams.actor import Actor

# How many runbooks the page of an alert offers.
_RUNBOOKS = 6


def for_list(actor: Actor) -> QuerySet[Alert]:
    """Visible alerts with what a row shows; the heavy payload stays where it is."""
    return (  # type: ignore[no-any-return]
        Alert.objects.visible_to(actor)
        .select_related("service", "integration", "incident", "team")
        .defer("raw", "description")
    )


def for_page(actor: Actor, pk: int) -> Alert | None:
    """One visible alert with all its page shows of it."""
    found: Alert | None = (
        for_list(actor).select_related("rule", "silence", "window").defer(None).filter(pk=pk).first()
    )
    return found


def visible_upstream(alert: Alert, actor: Actor) -> Incident | None:
    """The incident of a service it depends on whose symptom it is, if the actor may see that."""
    if alert.symptom_of_id is None:
        return None
    return Incident.objects.visible_to(actor).filter(pk=alert.symptom_of_id).first()


def fired_before(alert: Alert, limit: int = 10) -> list[Alert]:
    """Earlier alerts with the same key, newest first: the same condition at the same source."""
    rows = Alert.objects.filter(
        integration_id=alert.integration_id, dedup_key=alert.dedup_key, pk__lt=alert.pk
    )
    return list(rows.defer("raw", "description").order_by("-pk")[:limit])


def runbooks(alert: Alert, actor: Actor, now: dt.datetime) -> list[Offer]:
    """The runbooks that fit an alert: by what it says, then by its service if the actor sees that."""
    service = alert.service
    seen = service is not None and Service.objects.visible_to(actor).filter(pk=service.pk).exists()
    services = {service.pk: service.name} if service is not None and seen else {}
    found = fitting(actor, [facts_of(alert)], services=services, type_id=None, team_id=alert.team_id, now=now)
    return found[:_RUNBOOKS]


def help_links(alert: Alert, actor: Actor) -> list[ServiceLink]:
    """Runbooks first, then dashboards, logs and the other links of the alert's service, if the actor sees it."""
    if alert.service_id is None:
        return []
    rows = list(ServiceLink.objects.visible_to(actor).filter(service_id=alert.service_id)[:50])
    return sorted(rows, key=lambda row: (row.kind != LinkKind.RUNBOOK, row.kind, row.position))


def silence_url(alert: Alert, actor: Actor) -> str:
    """Where a silence of alerts like this one is written; "" for whoever may not, or when it is over."""
    service = alert.service
    if service is None or alert.status == AlertStatus.RESOLVED:
        return ""
    if not actor.responds(service.team_id):
        return ""
    names = [name for name in _TELLING if name in alert.labels]
    lines = [f"{name}={_quoted(alert.labels[name])}" for name in names] or [f"@title={_quoted(alert.title)}"]
    query = urlencode({"service": service.pk, "matchers": "\n".join(lines)})
    return f"/alerts/holds/new/silence/?{query}"


# Labels that tell alerts of one kind from others.
_TELLING = ("alertname", "instance", "job", "check", "monitor", "host")


def _quoted(value: str) -> str:
    written = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{written}"'


def of_incident(actor: Actor, number: int, limit: int = 50) -> list[Alert]:
    """Alerts of a visible incident, open ones first."""
    visible = Incident.objects.visible_to(actor).filter(number=number)
    rows = Alert.objects.filter(incident__in=visible).select_related("service", "integration")
    return list(rows.defer("raw").order_by(F("resolved_at").desc(nulls_first=True), "-pk")[:limit])


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

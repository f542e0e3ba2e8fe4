"""The incidents that are open in the demo, and how they stay fresh from start to start."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction

from alerts.models import Alert, Integration
from core import clock
from incidents import actions
from incidents.actions.alerts import AttachedAlert, Attachment, alerts_attached
from incidents.actions.opening import open_from_alert
from incidents.actions.paging import start_paging
from incidents.choices import ACTIVE
from incidents.models import Incident, TimelineEntry
from oncall.actions.runs import stop_escalation
from oncall.models import EscalationRun, RunPage
from services.models import Service
from teams.actor import actor_for, system_actor
from web.demo import outage
from web.demo.moving import move

if TYPE_CHECKING:
    from web.demo.loader import Loaded

_PREFIX = "demo:"
OUTAGE_MINUTES = 38
LAG_MINUTES = 55


def load(made: Loaded, now: dt.datetime) -> None:
    """The payment-gateway outage in full swing, a lesser trouble beside it, and a page that waits for the
    responder."""
    _outage(made, now)
    _lagging_search(made, now)
    _fresh_page(made.services["checkout"], now)


def refresh() -> None:
    """On each start: move the unfinished demo incidents to now; the waiting page is paged once more."""
    now = clock.now()
    with transaction.atomic():
        for incident in _unfinished():
            age = {0: OUTAGE_MINUTES, 2: LAG_MINUTES}.get(
                -1 if incident.severity_id is None else incident.severity_id, 2
            )
            move(incident, now - dt.timedelta(minutes=age) - (incident.detected_at or incident.created_at))
            _page_again(incident, now)


def _unfinished() -> list[Incident]:
    rows = Incident.objects.filter(status__in=ACTIVE, alerts__dedup_key__startswith=_PREFIX)
    return list(rows.distinct().order_by("number"))


def _outage(made: Loaded, now: dt.datetime) -> None:
    start = now - dt.timedelta(minutes=OUTAGE_MINUTES)

    def at(minutes: float) -> dt.datetime:
        return start + dt.timedelta(minutes=minutes)

    outage.change(made, at)
    gateway = made.services["payment-gateway"]
    title = "Card payments fail: processor answers with time-outs"
    incident = _from_alert(gateway, "Own scripts", "gateway-5xx", title, at(0), page=False)
    outage.tell(made, incident, at)


def _lagging_search(made: Loaded, now: dt.datetime) -> None:
    """One person, notes, a workaround: the light way of a Sev-2."""
    start = now - dt.timedelta(minutes=LAG_MINUTES)
    owner = actor_for(made.people["ines.costa"])

    def at(minutes: float) -> dt.datetime:
        return start + dt.timedelta(minutes=minutes)

    title = "Search shows prices of this morning"
    search = made.services["search"]
    incident = _from_alert(search, "Grafana, shop dashboards", "search-lag", title, at(0), page=False)
    number = incident.number
    actions.acknowledge(actor=owner, number=number, now=at(6))
    actions.set_status(actor=owner, number=number, status="investigating", now=at(7))
    actions.set_severity(actor=owner, number=number, severity=2, now=at(8))
    actions.set_impact(
        actor=owner,
        number=number,
        impact="Search and lists show prices that are up to five hours old; the basket is right.",
        now=at(9),
    )
    actions.assign_role(
        actor=owner, number=number, role="commander", user_id=made.people["ines.costa"].pk, now=at(10)
    )
    actions.add_note(
        actor=owner,
        number=number,
        text="The index builder hangs on one bad row since 09:10. Skipped it, 1.2 million rows to go.",
        now=at(22),
    )
    actions.set_workaround(
        actor=owner, number=number, text="Prices in the basket are right; the bad row is skipped.", now=at(24)
    )
    actions.post_update(
        actor=owner,
        number=number,
        audience="internal",
        text="Index is being rebuilt, about an hour to go.",
        next_update_in_minutes=90,
        now=at(26),
    )


def _fresh_page(service: Service, now: dt.datetime) -> None:
    title = "Checkout answers slowly: 95th percentile above two seconds"
    _from_alert(service, "Prometheus, production", "checkout-latency", title, now, page=True)


def _from_alert(
    service: Service, integration: str, key: str, title: str, at: dt.datetime, *, page: bool
) -> Incident:
    source = Integration.objects.get(name=integration)
    incident = open_from_alert(
        service=service,
        title=title,
        body="",
        urgency="high",
        source=source.name,
        occurred_at=at - dt.timedelta(minutes=1),
        page=page,
        now=at,
    )
    alert = Alert.objects.create(
        integration=source,
        service=service,
        team_id=service.team_id,
        dedup_key=f"{_PREFIX}{key}",
        group_key=f"{_PREFIX}{key}",
        severity="critical",
        title=title,
        source=source.name,
        labels={"service": service.slug, "severity": "critical", "env": "production"},
        count=3,
        incident=incident,
        route=[f"Came in over “{source.name}” for {service.name}", f"Opened #{incident.number}"],
        first_seen_at=at,
        last_seen_at=at,
    )
    attached = AttachedAlert(alert.pk, title, "critical")
    alerts_attached([Attachment(incident, [attached], firing=1, total=1)], now=at)
    return incident


def _page_again(incident: Incident, now: dt.datetime) -> None:
    """A page nobody has acknowledged starts anew, so that it neither ends in red nor goes on for ever."""
    if incident.acknowledged_at is not None:
        return
    stop_escalation(
        subject_key=incident.subject_key, status="stopped", user_id=None, reason="demo restarted", now=now
    )
    RunPage.objects.filter(run__subject_key=incident.subject_key).delete()
    EscalationRun.objects.filter(subject_key=incident.subject_key).delete()
    noise = TimelineEntry.objects.filter(
        incident=incident, kind__in=("page_sent", "page_failed", "escalated")
    )
    noise.delete()
    services = list(incident.services.order_by("incident_rows__position"))
    start_paging(incident, actor=system_actor("Demo", via="rule"), services=services, body="", now=now)
    incident.save(update_fields=["page_status"])

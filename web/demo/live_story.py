"""The two incidents that are open in the demo, and how they stay fresh from start to start."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F

from alerts.models import Alert, Integration
from core import clock
from incidents import actions
from incidents.actions.alerts import AttachedAlert, alerts_attached
from incidents.actions.opening import open_from_alert
from incidents.actions.paging import start_paging
from incidents.choices import ACTIVE
from incidents.models import Incident, IncidentUpdate, RoleAssignment, TimelineEntry
from oncall.actions.runs import stop_escalation
from oncall.models import EscalationRun, RunPage
from services.actions import record_change
from services.models import ChangeEvent, Service
from teams.actor import actor_for, system_actor

if TYPE_CHECKING:
    from web.demo.loader import Loaded

_PREFIX = "demo:"
OUTAGE_MINUTES = 38
_TIMES = (
    "impact_started_at",
    "detected_at",
    "declared_at",
    "acknowledged_at",
    "commander_assigned_at",
    "first_internal_update_at",
    "first_public_update_at",
    "cause_known_at",
    "created_at",
    "updated_at",
    "next_update_due_at",
)


def load(made: Loaded, now: dt.datetime) -> None:
    """The payment-gateway outage in full swing, and a page that waits for the responder."""
    _outage(made, now)
    _fresh_page(made.services["checkout"], now)


def refresh() -> None:
    """On each start: move the unfinished demo incidents to now; the waiting page is paged once more."""
    now = clock.now()
    with transaction.atomic():
        for incident in _unfinished():
            target = now - dt.timedelta(minutes=OUTAGE_MINUTES if incident.severity_id is not None else 2)
            _move(incident, target - incident.started_at)
            _page_again(incident, now)


def _unfinished() -> list[Incident]:
    rows = Incident.objects.filter(status__in=ACTIVE, alerts__dedup_key__startswith=_PREFIX)
    return list(rows.distinct().order_by("number"))


def _outage(made: Loaded, now: dt.datetime) -> None:
    start = now - dt.timedelta(minutes=OUTAGE_MINUTES)

    def at(minutes: float) -> dt.datetime:
        return start + dt.timedelta(minutes=minutes)

    gateway = made.services["payment-gateway"]
    record_change(
        actor=made.actor,
        service_id=gateway.pk,
        summary="Release 2026.47: new retry policy towards the card processor",
        source="deploy pipeline",
        happened_at=at(-11),
    )
    title = "Card payments fail: processor answers with time-outs"
    incident = _from_alert(gateway, "Own scripts", "gateway-5xx", title, at(0), page=False)
    number = incident.number
    ada, maya, bo = (actor_for(made.people[name]) for name in ("responder", "manager", "bo.tran"))
    actions.acknowledge(actor=ada, number=number, now=at(2))
    actions.set_status(actor=ada, number=number, status="investigating", now=at(3))
    actions.set_severity(actor=ada, number=number, severity=1, now=at(3.5))
    actions.set_impact(
        actor=ada,
        number=number,
        impact="About 60 % of card payments fail at the last step; invoices and wallets work.",
        service_ids=[gateway.pk, made.services["checkout"].pk],
        now=at(4),
    )
    actions.assign_role(
        actor=maya, number=number, role="commander", user_id=made.people["manager"].pk, now=at(6)
    )
    actions.assign_role(
        actor=maya, number=number, role="communications", user_id=made.people["support"].pk, now=at(7)
    )
    actions.add_note(
        actor=ada,
        number=number,
        text="Time-outs only towards the card processor; our own side answers in 40 ms.",
        now=at(8),
    )
    actions.post_update(
        actor=maya,
        number=number,
        audience="public",
        text="Some card payments fail at the moment. Your basket is kept; paying by invoice or wallet works.",
        next_update_in_minutes=75,
        now=at(9),
    )
    actions.post_update(
        actor=maya,
        number=number,
        audience="support",
        text="Card payments fail for more than half of customers. Please offer invoice or wallet; nobody is charged twice.",
        next_update_in_minutes=80,
        now=at(10),
    )
    actions.add_note(
        actor=bo,
        number=number,
        text="Release 2026.47 retries four times without pause. Suspect we are being throttled by the processor.",
        now=at(17),
    )
    actions.set_status(actor=ada, number=number, status="identified", now=at(21))
    actions.post_update(
        actor=maya,
        number=number,
        audience="internal",
        text="Cause found: the new retry policy overloads our quota. Rolling back 2026.47 now.",
        next_update_in_minutes=60,
        now=at(24),
    )
    actions.add_note(
        actor=ada,
        number=number,
        text="Roll-back runs: 4 of 10 machines done, error rate falls to 35 %.",
        now=at(33),
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
    return alerts_attached(number=incident.number, alerts=[attached], firing=1, total=1, now=at)


def _move(incident: Incident, delta: dt.timedelta) -> None:
    """Shift everything that belongs to the incident by `delta`."""
    for name in _TIMES:
        value = getattr(incident, name)
        if value is not None:
            setattr(incident, name, value + delta)
    incident.save(update_fields=list(_TIMES))
    TimelineEntry.objects.filter(incident=incident).update(
        happened_at=F("happened_at") + delta, written_at=F("written_at") + delta
    )
    updates = IncidentUpdate.objects.filter(incident=incident)
    updates.update(sent_at=F("sent_at") + delta, next_update_due_at=F("next_update_due_at") + delta)
    RoleAssignment.objects.filter(incident=incident).update(started_at=F("started_at") + delta)
    Alert.objects.filter(incident=incident).update(
        first_seen_at=F("first_seen_at") + delta, last_seen_at=F("last_seen_at") + delta
    )
    ids = list(incident.services.values_list("pk", flat=True))
    ChangeEvent.objects.filter(service_id__in=ids, summary__startswith="Release 2026.47").update(
        happened_at=F("happened_at") + delta
    )


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

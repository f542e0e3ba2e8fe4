"""Snoozing one alert: its incident does not page for it for a while."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from alerts.choices import AlertStatus
from alerts.models import Alert
from core import clock
from core.errors import Conflict, NotAllowed, NotVisible, field_error
from incidents.actions.acknowledge import MAX_SNOOZE_MINUTES, alert_snoozed, over_sentence
from incidents.actions.common import lock
from teams.actor import Actor


def snooze_alert(*, actor: Actor, alert_id: int, minutes: int, now: dt.datetime | None = None) -> Alert:
    """Snooze an open alert for `minutes` (1 to 1440); whoever may snooze its incident.

    While at least one firing alert of the incident is not snoozed, the incident goes on paging. When
    every firing alert is snoozed and nobody acknowledged, the incident waits as if it had been snoozed
    itself, until the first of these snoozes ends; then it pages again from the first step. It pages
    again at once when another alert joins. An alert that resolves meanwhile changes nothing: the wait
    ends early rather than late. Snoozing again sets the time anew.

    `Conflict` when the alert is resolved, belongs to no incident or its incident is over.
    """
    if not 1 <= minutes <= MAX_SNOOZE_MINUTES:
        raise field_error("minutes", f"From 1 to {MAX_SNOOZE_MINUTES} minutes.")
    now = now or clock.now()
    with transaction.atomic():
        rows = Alert.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
        alert: Alert | None = rows.filter(pk=alert_id).first()
        if alert is None:
            raise NotVisible
        if alert.incident is None:
            raise Conflict("Nobody is paged for it: it belongs to no incident.", code="no_incident")
        try:
            incident = lock(actor, "snooze", alert.incident.number)
        except NotVisible as error:
            raise NotAllowed("You may not change its incident.") from error
        if alert.status == AlertStatus.RESOLVED:
            raise Conflict("This alert is resolved already.", code="resolved")
        if not incident.is_active:
            raise Conflict(over_sentence(incident), code="not_active")
        alert.snoozed_until = now + dt.timedelta(minutes=minutes)
        alert.save(update_fields=["snoozed_until"])
        alert_snoozed(
            incident,
            actor=actor,
            alert_id=alert.pk,
            title=alert.title,
            minutes=minutes,
            waits_until=_first_end(incident.pk, now),
            now=now,
        )
    return alert


def _first_end(incident_id: int, now: dt.datetime) -> dt.datetime | None:
    """When the first snooze ends, if every firing alert of the incident is snoozed."""
    if unsnoozed(incident_id, now):
        return None
    firing = Alert.objects.filter(incident_id=incident_id, status=AlertStatus.FIRING)
    return firing.order_by("snoozed_until").values_list("snoozed_until", flat=True).first()


def unsnoozed(incident_id: int, now: dt.datetime) -> bool:
    """Whether a firing alert of the incident is not snoozed."""
    firing = Alert.objects.filter(incident_id=incident_id, status=AlertStatus.FIRING)
    return firing.exclude(snoozed_until__gt=now).exists()

"""Acknowledge and snooze: both stop the paging, one of them for a while only."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.errors import Conflict, field_error
from incidents.actions.common import announce, lock, lock_by_number, save_incident, write_entry
from incidents.actions.paging import start_paging
from incidents.choices import EntryAudience, EntryKind, PageStatus
from incidents.models import Incident
from oncall.actions.runs import decline_pages, stop_escalation
from oncall.selectors import is_paging
from teams.actor import Actor, system_actor

MAX_SNOOZE_MINUTES = 24 * 60
_SNOOZE = ("snoozed_until", "snoozed_by_alerts", "page_status")


@dataclass(frozen=True)
class Acknowledged:
    """What happened: `changed` is false when somebody else was first. `sentence` is for the person."""

    incident: Incident
    changed: bool
    sentence: str


@dataclass(frozen=True)
class PassedOn:
    """`sentence` is for the person who declined."""

    incident: Incident
    sentence: str


def acknowledge(*, actor: Actor, number: int, now: dt.datetime | None = None) -> Acknowledged:
    """Stop the paging of an incident: "I have it".

    Withdraws every page that has not left, in the same transaction. Acknowledging again is no
    error and changes nothing. `Conflict` when the incident is over.
    """
    now = now or clock.now()
    with transaction.atomic():
        incident = lock(actor, "acknowledge", number)
        if not incident.is_active:
            raise Conflict(over_sentence(incident), code="not_active")
        # A policy that pages again after an acknowledge may have begun before the page says so.
        if incident.page_status == PageStatus.ACKNOWLEDGED and not is_paging(incident.subject_key):
            return Acknowledged(incident, False, already_sentence(incident))
        _stop(incident, actor, now)
        if incident.acknowledged_at is None:
            incident.acknowledged_at = now
        incident.acknowledged_by_id = actor.user_id
        incident.snoozed_until, incident.snoozed_by_alerts = None, False
        incident.page_status = PageStatus.ACKNOWLEDGED
        mark_ack_window(incident)
        write_entry(
            incident, actor=actor, kind=EntryKind.ACKNOWLEDGED, now=now, audience=EntryAudience.SUPPORT
        )
        save_incident(
            incident,
            now,
            "acknowledged_at",
            "acknowledged_by",
            "snoozed_until",
            "snoozed_by_alerts",
            "page_status",
            "ack_window_met",
        )
        announce(incident, "acknowledged", actor)
        sentence = _("Acknowledged %(time)s UTC, escalation stopped.") % {"time": now.strftime("%H:%M")}
        return Acknowledged(incident, True, sentence)


def acknowledge_from_source(*, number: int, label: str, now: dt.datetime) -> None:
    """The monitoring tool says somebody acknowledged there; same effect, no person of ours."""
    incident = lock_by_number(number)
    if incident.is_active and incident.page_status != PageStatus.ACKNOWLEDGED:
        acknowledge(actor=system_actor(label, via="rule"), number=number, now=now)


def pass_on(*, actor: Actor, number: int, now: dt.datetime | None = None) -> PassedOn:
    """ "I cannot take it": nobody waits for this person any more, and whoever is next is paged at once.

    `Conflict` when the incident is over, is acknowledged, or has not paged this person.
    """
    now = now or clock.now()
    with transaction.atomic():
        incident = lock(actor, "acknowledge", number)
        if not incident.is_active:
            raise Conflict(over_sentence(incident), code="not_active")
        if incident.page_status == PageStatus.ACKNOWLEDGED:
            raise Conflict(already_sentence(incident), code="acknowledged")
        moved = decline_pages(subject_key=incident.subject_key, user_id=actor.user_id or 0, now=now)
        if moved is None:
            raise Conflict(_("You have not been paged for this."), code="not_paged")
    if moved:
        return PassedOn(incident, _("Passed on: the next step is being paged now."))
    return PassedOn(incident, _("Noted. The others who were paged have not answered yet."))


def snooze(*, actor: Actor, number: int, minutes: int, now: dt.datetime | None = None) -> Incident:
    """Stop the paging for `minutes` (1 to 1440); then page again unless acknowledged or over."""
    if not 1 <= minutes <= MAX_SNOOZE_MINUTES:
        raise field_error("minutes", f"From 1 to {MAX_SNOOZE_MINUTES} minutes.")
    now = now or clock.now()
    with transaction.atomic():
        incident = lock(actor, "snooze", number)
        if not incident.is_active:
            raise Conflict(over_sentence(incident), code="not_active")
        _stop(incident, actor, now, rearm=False)
        incident.snoozed_until, incident.snoozed_by_alerts = now + dt.timedelta(minutes=minutes), False
        incident.page_status = PageStatus.NONE
        data = {"until": incident.snoozed_until.isoformat(), "minutes": minutes}
        write_entry(incident, actor=actor, kind=EntryKind.SNOOZED, now=now, data=data)
        save_incident(incident, now, *_SNOOZE)
        announce(incident, "snoozed", actor)
    return incident


def alert_snoozed(
    incident: Incident,
    *,
    actor: Actor,
    alert_id: int,
    title: str,
    minutes: int,
    waits_until: dt.datetime | None,
    now: dt.datetime,
) -> None:
    """An alert of the locked, active incident was snoozed; `alerts.actions.snoozing` says what that means.

    `waits_until`: when the first snooze ends, if every firing alert is snoozed, else None. Somebody's
    acknowledge or own snooze of the incident is stronger and stays as it is.
    """
    held = incident.snoozed_until is not None and not incident.snoozed_by_alerts
    waits = waits_until is not None and not held and incident.page_status != PageStatus.ACKNOWLEDGED
    if waits:
        _stop(incident, actor, now, rearm=False)
        incident.snoozed_until, incident.snoozed_by_alerts = waits_until, True
        incident.page_status = PageStatus.NONE
    data = {
        "alert": alert_id,
        "minutes": minutes,
        "waits_until": waits_until.isoformat() if waits_until and waits else None,
    }
    write_entry(incident, actor=actor, kind=EntryKind.SNOOZED, now=now, text=title, data=data)
    save_incident(incident, now, *_SNOOZE)
    if waits:
        announce(incident, "snoozed", actor)


def alert_joined(incident: Incident, *, now: dt.datetime) -> None:
    """A firing alert that is not snoozed joined the locked incident: the snooze of the others ends."""
    if incident.snoozed_by_alerts:
        _end_snooze(incident, now, _("Another alert"), {"alert_joined": True})


def wake_snoozed(*, number: int, now: dt.datetime) -> bool:
    """Page again when the snooze has run out. Idempotent; true when it paged."""
    with transaction.atomic():
        incident = lock_by_number(number)
        if incident.snoozed_until is None or incident.snoozed_until > now:
            return False
        return _end_snooze(incident, now, _("Snooze over"), {"snooze_over": True})


def _end_snooze(incident: Incident, now: dt.datetime, label: str, data: dict[str, bool]) -> bool:
    """Page again, unless somebody acknowledged or it is over; true when it paged."""
    incident.snoozed_until, incident.snoozed_by_alerts = None, False
    paged = False
    if incident.is_active and incident.page_status != PageStatus.ACKNOWLEDGED:
        services = list(incident.services.order_by("incident_rows__position"))
        actor = system_actor(label, via="rule")
        paged = start_paging(incident, actor=actor, services=services, body=incident.impact, now=now)
        write_entry(incident, actor=actor, kind=EntryKind.ESCALATED, now=now, data=data)
        announce(incident, "paged", actor)
    save_incident(incident, now, *_SNOOZE)
    return paged


def _stop(incident: Incident, actor: Actor, now: dt.datetime, *, rearm: bool = True) -> None:
    """`rearm`: the acknowledge may expire. A snooze pages again by itself."""
    stop_escalation(
        subject_key=incident.subject_key,
        status="acknowledged",
        user_id=actor.user_id,
        reason=f"acknowledged by {actor.label}",
        now=now,
        rearm=rearm,
    )


def mark_ack_window(incident: Incident) -> None:
    """Say whether the severity's acknowledge window was met; null while either is unknown."""
    level = incident.severity
    began = incident.detected_at or incident.declared_at
    if level is None or level.ack_minutes is None or incident.acknowledged_at is None or began is None:
        incident.ack_window_met = None
        return
    incident.ack_window_met = incident.acknowledged_at - began <= dt.timedelta(minutes=level.ack_minutes)


def already_sentence(incident: Incident) -> str:
    """ "Already acknowledged by Bo at 03:12 UTC." """
    who = str(incident.acknowledged_by) if incident.acknowledged_by_id else _("the monitoring source")
    at = incident.acknowledged_at
    return _("Already acknowledged by %(who)s at %(time)s UTC.") % {
        "who": who,
        "time": at.strftime("%H:%M") if at else "?",
    }


def over_sentence(incident: Incident) -> str:
    """Why nothing can be acknowledged any more."""
    return _("Incident #%(number)s is already %(state)s.") % {
        "number": incident.number,
        "state": incident.get_status_display().lower(),
    }

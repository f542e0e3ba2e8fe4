"""Severity, impact and the promises that follow from the severity."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from core.errors import field_error
from core.text import one_line
from incidents import versions
from incidents.actions import severity_list
from incidents.actions.acknowledge import mark_ack_window
from incidents.actions.common import announce, lock, save_incident, write_entry
from incidents.actions.paging import make_urgent
from incidents.actions.promises import start_clocks
from incidents.choices import EntryAudience, EntryKind
from incidents.models import Incident, IncidentService, SeverityLevel
from oncall.actions.runs import set_run_severity
from services.models import Service
from teams.actor import Actor

# At this rank or a graver one nothing is held until a shift begins.
_NEVER_WAITS = 1


def set_severity(
    *,
    actor: Actor,
    number: int,
    severity: int | None,
    reason: str = "",
    now: dt.datetime | None = None,
) -> Incident:
    """Set rank 0 (critical) to 4 (least), or None for "not set yet".

    Never moves a running escalation's step, but steps that fire later look at it. Marks the acknowledge
    window met or missed, starts the update clocks of that level and, when the incident is raised to it,
    pages its list (`severity_list.plan` tells before). Setting the present value again changes nothing.
    """
    now = now or clock.now()
    level = SeverityLevel.objects.filter(pk=severity).first() if severity is not None else None
    if severity is not None and level is None:
        raise field_error("severity", "A severity is a whole number from 0 to 4.")
    with transaction.atomic():
        incident = lock(actor, "set_severity", number)
        if incident.severity_id == severity:
            return incident
        old = incident.severity_id
        incident.severity = level
        write_entry(
            incident,
            actor=actor,
            kind=EntryKind.SEVERITY,
            now=now,
            text=one_line(reason, 500),
            data={"old": old, "new": severity, "label": str(level) if level else ""},
            audience=EntryAudience.SUPPORT,
        )
        take_effect(incident, old, actor=actor, now=now)
        save_incident(incident, now, *EFFECTS)
        announce(incident, "severity", actor, old=old, new=severity)
    return incident


EFFECTS = ("severity", "ack_window_met", "next_update_due_at", "next_update_audience", "page_status")


def take_effect(incident: Incident, before: int | None, *, actor: Actor, now: dt.datetime) -> None:
    """What follows from the locked incident's severity; the caller saves `EFFECTS`."""
    level = incident.severity
    mark_ack_window(incident)
    start_clocks(incident, level, now)
    rank = level.rank if level else None
    set_run_severity(subject_key=incident.subject_key, severity=rank)
    if rank is not None and rank <= _NEVER_WAITS:
        make_urgent(incident, now)
    if level is not None:
        severity_list.run(incident, level, before, actor=actor, now=now)


def set_impact(
    *,
    actor: Actor,
    number: int,
    impact: str,
    service_ids: list[int] | None = None,
    base: str | None = None,
    now: dt.datetime | None = None,
) -> Incident:
    """The impact in one sentence, and which services are affected (None leaves them as they are).

    `base`: the sentence the writer began from; `ChangedMeanwhile` when it says something else by now.
    """
    now = now or clock.now()
    impact = one_line(impact, 500)
    with transaction.atomic():
        incident = lock(actor, "set_impact", number)
        versions.check("impact", incident.impact, base, impact)
        changed = incident.impact != impact
        names = _set_services(actor, incident, service_ids) if service_ids is not None else None
        if not changed and names is None:
            return incident
        incident.impact = impact
        data = {"services": names} if names is not None else {}
        write_entry(
            incident,
            actor=actor,
            kind=EntryKind.IMPACT,
            now=now,
            text=impact,
            data=data,
            audience=EntryAudience.SUPPORT,
        )
        save_incident(incident, now, "impact")
        announce(incident, "details", actor)
    return incident


def _set_services(actor: Actor, incident: Incident, ids: list[int]) -> list[str] | None:
    """Replace the services by those given; rows of services the actor cannot see stay."""
    visible = Service.objects.visible_to(actor)
    wanted = {row.pk: row for row in visible.filter(pk__in=ids)}
    if len(wanted) != len(set(ids)):
        raise field_error("services", "There is no such service.")
    rows = incident.service_rows.filter(service__in=visible)
    held = set(rows.values_list("service_id", flat=True))
    if held == set(wanted):
        return None
    rows.exclude(service_id__in=wanted).delete()
    IncidentService.objects.bulk_create(
        IncidentService(incident=incident, service_id=pk, position=position)
        for position, pk in enumerate(ids)
        if pk not in held
    )
    return [row.name for row in wanted.values()]

"""Paging for an incident: which policy, who else, and what the timeline says about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from core import clock
from core.errors import Conflict, field_error
from core.text import clean
from incidents.actions.access import grant_respond
from incidents.actions.common import announce, lock, save_incident, write_entry
from incidents.choices import EntryKind, IncidentKind, PageStatus
from incidents.models import Incident
from notifications.choices import Urgency
from oncall.actions.runs import hurry, start_escalation
from oncall.choices import RunStatus
from oncall.models import EscalationPolicy, EscalationRun
from oncall.selectors import default_policy_id
from services.models import Service
from teams.actor import Actor
from teams.models import User

MAX_PEOPLE = 20


def policy_for(incident: Incident, services: Sequence[Service]) -> int | None:
    """The first service's policy, else its team's default, else the incident's team's default."""
    for service in services:
        found = service.escalation_policy_id or default_policy_id(service.team_id)
        if found:
            return found
    return default_policy_id(incident.team_id)


def start_paging(
    incident: Incident,
    *,
    actor: Actor,
    services: Sequence[Service],
    body: str,
    user_ids: Sequence[int] = (),
    policy_id: int | None = None,
    now: dt.datetime,
) -> bool:
    """Start the incident's policy (or `policy_id` in its place), or page `user_ids` alone; False when there is
    no policy (the page then says nobody was paged)."""
    policy_id = None if user_ids else policy_id or policy_for(incident, services)
    if policy_id is None and not user_ids:
        return False
    _escalate(incident, services, policy_id, user_ids, body=body, urgency=incident.urgency, now=now)
    return True


def call_policies(incident: Incident, policies: Sequence[EscalationPolicy], *, now: dt.datetime) -> list[str]:
    """Start these beside what pages already; names of those that were started."""
    runs = EscalationRun.objects.filter(subject_key=incident.subject_key, status=RunStatus.ACTIVE)
    running = set(runs.values_list("policy_id", flat=True))
    fresh = [policy for policy in policies if policy.pk not in running]
    services = list(incident.services.order_by("incident_rows__position")) if fresh else []
    for policy in fresh:
        _escalate(incident, services, policy.pk, (), body=incident.impact, urgency=Urgency.HIGH, now=now)
    return [policy.name for policy in fresh]


def running_pages(incident: Incident) -> list[dict[str, Any]]:
    """What pages for the incident now, as JSON for `page_again`: a policy, or people paged by hand."""
    runs = EscalationRun.objects.filter(subject_key=incident.subject_key, status=RunStatus.ACTIVE)
    return [
        {
            "policy": run.policy_id,
            "users": [] if run.policy_id else _people_of(run.snapshot),
            "urgency": run.urgency,
        }
        for run in runs.order_by("pk")
    ]


def _people_of(snapshot: Mapping[str, Any]) -> list[int]:
    targets = (target for step in snapshot["steps"] for target in step["targets"])
    return [target["id"] for target in targets if target["type"] == "user"]


def page_again(incident: Incident, runs: Sequence[Mapping[str, Any]], *, now: dt.datetime) -> None:
    """Start anew what `running_pages` noted. Policies and people that are gone are left out; when nothing
    is left, the incident's own policy pages (not for a drill), and without one nobody: the page says so."""
    incident.page_status = PageStatus.NONE
    services = list(incident.services.order_by("incident_rows__position"))
    known = EscalationPolicy.objects.filter(pk__in=[run["policy"] for run in runs])
    policies = set(known.values_list("pk", flat=True))
    named = User.objects.filter(pk__in=[pk for run in runs for pk in run["users"]], is_active=True)
    active = set(named.values_list("pk", flat=True))
    body = incident.impact
    for run in runs:
        people = [pk for pk in run["users"] if pk in active]
        policy_id = run["policy"] if run["policy"] in policies else None
        if people or policy_id is not None:
            _escalate(incident, services, policy_id, people, body=body, urgency=run["urgency"], now=now)
    own = policy_for(incident, services)
    if incident.page_status == PageStatus.NONE and incident.kind != IncidentKind.DRILL and own is not None:
        _escalate(incident, services, own, (), body=body, urgency=incident.urgency, now=now)


def _escalate(
    incident: Incident,
    services: Sequence[Service],
    policy_id: int | None,
    user_ids: Sequence[int],
    *,
    body: str,
    urgency: str,
    now: dt.datetime,
) -> None:
    start_escalation(
        subject_key=incident.subject_key,
        title=f"#{incident.number} {incident.name_outside}",
        body=body,
        url_path=incident.get_absolute_url(),
        urgency=urgency,
        policy_id=policy_id,
        user_ids=user_ids,
        team_id=incident.team_id,
        lane=f"service:{services[0].pk}" if services else "",
        severity=incident.severity_id,
        now=now,
    )
    incident.page_status = PageStatus.PAGING


def make_urgent(incident: Incident, now: dt.datetime) -> None:
    """The locked incident is of high urgency from now on: what was held for the next shift pages at once."""
    if incident.urgency != Urgency.HIGH:
        incident.urgency = Urgency.HIGH
        save_incident(incident, now, "urgency")
        hurry(subject_key=incident.subject_key, now=now)


def page(
    *,
    actor: Actor,
    number: int,
    user_ids: Sequence[int] = (),
    policy_id: int | None = None,
    text: str = "",
    now: dt.datetime | None = None,
) -> Incident:
    """Page named people, or a policy, or (with neither) the incident's own policy again.

    Everybody named may then respond to the incident. Refused once it is over.
    """
    now = now or clock.now()
    text = clean(text.strip(), 2000)
    with transaction.atomic():
        incident = lock(actor, "page", number)
        if not incident.is_active:
            raise Conflict("The incident is over; reopen it to page somebody.", code="not_active")
        people = list(User.objects.filter(pk__in=active_people(user_ids)))
        services = list(incident.services.order_by("incident_rows__position"))
        if not people and policy_id is None:
            policy_id = policy_for(incident, services)
            if policy_id is None:
                raise field_error("policy", "No escalation policy fits this incident; name people instead.")
        elif (
            policy_id is not None
            and not EscalationPolicy.objects.visible_to(actor).filter(pk=policy_id).exists()
        ):
            raise field_error("policy", "There is no such escalation policy.")
        ids = [person.pk for person in people]
        _escalate(
            incident, services, policy_id, ids, body=text or incident.impact, urgency=Urgency.HIGH, now=now
        )
        grant_respond(incident, *ids)
        write_entry(
            incident,
            actor=actor,
            kind=EntryKind.ESCALATED,
            now=now,
            text=text,
            data={"people": [person.name for person in people], "policy": policy_id},
        )
        save_incident(incident, now, "page_status")
        announce(incident, "paged", actor)
    return incident


def active_people(user_ids: Sequence[int], field: str = "users") -> list[int]:
    """The ids, each once and all of active people; `InvalidInput` naming the field otherwise."""
    if len(user_ids) > MAX_PEOPLE:
        raise field_error(field, f"At most {MAX_PEOPLE} people at once.")
    wanted = list(dict.fromkeys(user_ids))
    known = set(User.objects.filter(pk__in=wanted, is_active=True).values_list("pk", flat=True))
    if len(known) != len(wanted):
        raise field_error(field, "At least one of them is not an active person.")
    return wanted

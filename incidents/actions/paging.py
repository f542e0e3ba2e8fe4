"""Paging for an incident: which policy, who else, and what the timeline says about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from core import clock
from core.errors import Conflict, field_error
from core.text import clean
from incidents.actions.access import grant_respond
from incidents.actions.common import announce, lock, save_incident, write_entry
from incidents.choices import EntryKind, PageStatus
from incidents.models import Incident
from notifications.choices import Urgency
from oncall.actions.runs import start_escalation
from oncall.models import EscalationPolicy
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
    now: dt.datetime,
) -> bool:
    """Start the incident's policy, or page `user_ids` alone; False when there is no policy (the page
    then says nobody was paged)."""
    policy_id = None if user_ids else policy_for(incident, services)
    if policy_id is None and not user_ids:
        return False
    start_escalation(
        subject_key=incident.subject_key,
        title=f"#{incident.number} {incident.title}",
        body=body,
        url_path=incident.get_absolute_url(),
        urgency=incident.urgency,
        policy_id=policy_id,
        user_ids=user_ids,
        team_id=incident.team_id,
        lane=f"service:{services[0].pk}" if services else "",
        now=now,
    )
    incident.page_status = PageStatus.PAGING
    return True


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
        people = _people(user_ids)
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
        start_escalation(
            subject_key=incident.subject_key,
            title=f"#{incident.number} {incident.title}",
            body=text or incident.impact,
            url_path=incident.get_absolute_url(),
            urgency=Urgency.HIGH,
            policy_id=policy_id,
            user_ids=[person.pk for person in people],
            team_id=incident.team_id,
            lane=f"service:{services[0].pk}" if services else "",
            now=now,
        )
        grant_respond(incident, *[person.pk for person in people])
        incident.page_status = PageStatus.PAGING
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


def _people(user_ids: Sequence[int]) -> list[User]:
    if len(user_ids) > MAX_PEOPLE:
        raise field_error("users", f"At most {MAX_PEOPLE} people at once.")
    people = list(User.objects.filter(pk__in=list(user_ids), is_active=True))
    if len(people) != len(set(user_ids)):
        raise field_error("users", "At least one of them is not an active person.")
    return people

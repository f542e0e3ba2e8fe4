"""Pulling in who knows a service: whoever its policy would page now becomes an expert and is paged."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from core.errors import Conflict, NotVisible
from incidents.actions.paging import page
from incidents.actions.roles import assign_role
from incidents.choices import Role
from oncall.selectors import paged_now, policy_ids_of
from services.models import Service
from teams.actor import Actor
from teams.models import User


def call_expert(*, actor: Actor, number: int, service_id: int, now: dt.datetime | None = None) -> list[User]:
    """Page the service's policy for the incident, and give the role of expert to those it reaches first; who they are.

    Whoever may assign roles and page. Conflict when the policy reaches nobody now, or there is none.
    """
    now = now or clock.now()
    service = Service.objects.visible_to(actor).filter(pk=service_id).first()
    if service is None:
        raise NotVisible
    policies = policy_ids_of({service.pk: (service.escalation_policy_id, service.team_id)})
    found = paged_now(policies.values(), now).get(policies.get(service.pk, 0))
    if found is None or not found.users:
        raise Conflict(f"Nobody is on call for {service.name} now.", code="nobody_on_call")
    # A step that pages a whole team calls for any of them: the first that answers is told by the timeline.
    experts = [] if found.whole_team else found.users
    with transaction.atomic():
        for user in experts:
            assign_role(
                actor=actor, number=number, role=Role.EXPERT, user_id=user.pk, note=service.name, now=now
            )
        page(
            actor=actor,
            number=number,
            policy_id=found.policy.pk,
            text=f"You are asked for as an expert for {service.name}.",
            now=now,
        )
    return experts

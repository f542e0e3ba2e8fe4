"""Following an incident, a service or a team: its internal updates come by mail."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from core.errors import Conflict, NotAllowed, NotVisible, field_error
from incidents.models import Follow, Incident
from services.models import Service
from teams.actor import Actor
from teams.models import Team

MAX_FOLLOWS = 500


def follow(
    *, actor: Actor, number: int | None = None, service_id: int | None = None, team_id: int | None = None
) -> Follow:
    """Follow one of the three, if the actor may see it; followed already: the present row."""
    if actor.user_id is None or "respond" not in actor.scopes:
        raise NotAllowed
    target = _target(actor, number, service_id, team_id)
    with transaction.atomic():
        mine = Follow.objects.filter(user_id=actor.user_id)
        row = mine.filter(**target).first()
        if row is not None:
            return row
        if mine.count() >= MAX_FOLLOWS:
            raise Conflict(f"At most {MAX_FOLLOWS} things can be followed.", code="too_many_follows")
        row, _made = Follow.objects.get_or_create(user_id=actor.user_id, **target)
    return row


def unfollow(*, actor: Actor, follow_id: int) -> None:
    """One's own alone; `NotVisible` otherwise."""
    if actor.user_id is None or "respond" not in actor.scopes:
        raise NotAllowed
    if not Follow.objects.filter(pk=follow_id, user_id=actor.user_id).delete()[0]:
        raise NotVisible


def _target(actor: Actor, number: int | None, service_id: int | None, team_id: int | None) -> dict[str, Any]:
    given = [value for value in (number, service_id, team_id) if value is not None]
    if len(given) != 1:
        raise field_error("incident", "Name an incident, a service or a team, one of them.")
    if number is not None:
        pk = Incident.objects.allowing(actor, "follow").filter(number=number).values_list("pk", flat=True)
        name = "incident"
    elif service_id is not None:
        pk = Service.objects.visible_to(actor).filter(pk=service_id).values_list("pk", flat=True)
        name = "service"
    else:
        pk = Team.objects.visible_to(actor).filter(pk=team_id).values_list("pk", flat=True)
        name = "team"
    found: int | None = pk.first()
    if found is None:
        raise NotVisible
    return {f"{name}_id": found}

"""Who does what in an incident."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from core.errors import field_error
from core.text import one_line
from incidents.actions.access import grant_respond
from incidents.actions.common import announce, lock, save_incident, write_entry
from incidents.choices import SINGLE_ROLES, EntryAudience, EntryKind, Role
from incidents.models import Incident, RoleAssignment
from teams.actor import Actor
from teams.models import User


def assign_role(
    *,
    actor: Actor,
    number: int,
    role: str,
    user_id: int | None,
    note: str = "",
    now: dt.datetime | None = None,
) -> Incident:
    """Give a role to a person, or empty it with `user_id` None.

    A role held by one person passes on; expert, observer, executive and responder may be held by
    many. The person may then see and respond to the incident. No change is no error.
    """
    if role not in Role.values:
        raise field_error("role", f"One of {', '.join(Role.values)}.")
    now = now or clock.now()
    with transaction.atomic():
        incident = lock(actor, "assign_role", number)
        user = _person(user_id)
        held = RoleAssignment.objects.filter(incident=incident, role=role, ended_at__isnull=True)
        before = list(held.select_related("user"))
        if user and any(row.user_id == user.pk for row in before):
            return incident
        if user is None and not before:
            return incident
        if user is None or role in SINGLE_ROLES:
            held.update(ended_at=now)
        if user is not None:
            RoleAssignment.objects.create(
                incident=incident, role=role, user=user, started_at=now, note=one_line(note, 500)
            )
            grant_respond(incident, user.pk)
        _note_commander(incident, role, user, now)
        replaced = before[0].user.name if before and (user is None or role in SINGLE_ROLES) else ""
        write_entry(
            incident,
            actor=actor,
            kind=EntryKind.ROLE,
            now=now,
            text=one_line(note, 500),
            data={
                "role": role,
                "user": user.pk if user else None,
                "name": user.name if user else "",
                "replaced": replaced,
            },
            audience=EntryAudience.SUPPORT if role == Role.COMMANDER else EntryAudience.RESPONDERS,
        )
        save_incident(incident, now, "commander", "commander_assigned_at")
        announce(incident, "role", actor, role=role, user=user.pk if user else None)
    return incident


def _person(user_id: int | None) -> User | None:
    if user_id is None:
        return None
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise field_error("user", "There is no active person with this id.")
    return user


def _note_commander(incident: Incident, role: str, user: User | None, now: dt.datetime) -> None:
    if role != Role.COMMANDER:
        return
    incident.commander = user
    if user is not None and incident.commander_assigned_at is None:
        incident.commander_assigned_at = now

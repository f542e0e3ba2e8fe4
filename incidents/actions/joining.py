"""Coming into an incident and going out of it by oneself."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.errors import Conflict, NotAllowed, field_error
from incidents.actions.common import announce, lock, save_incident, write_entry
from incidents.actions.paging import page
from incidents.actions.roles import definition_of, fill_role, pass_role_tasks
from incidents.choices import EntryKind, Role
from incidents.models import Incident, RoleAssignment
from teams.actor import Actor

# What one may take without being asked, and the verb it needs.
_OPEN = {Role.RESPONDER.value: "edit_tasks", Role.OBSERVER.value: "follow"}


def join(
    *, actor: Actor, number: int, role: str = Role.RESPONDER, now: dt.datetime | None = None
) -> Incident:
    """Take part as responder, or look on as observer (whoever sees it may). Again changes nothing.

    Looking on gives no right; whoever takes part had the right before.
    """
    if role not in _OPEN:
        raise field_error("role", f"One of {', '.join(_OPEN)}.")
    if actor.user_id is None:
        raise NotAllowed("Only a person can join.")
    definition = definition_of(role)
    now = now or clock.now()
    with transaction.atomic():
        incident = lock(actor, _OPEN[role], number)
        held = RoleAssignment.objects.filter(
            incident=incident, user_id=actor.user_id or 0, ended_at__isnull=True
        )
        if held.filter(role=role).exists():
            return incident
        if role == Role.RESPONDER:
            held.filter(role=Role.OBSERVER).update(ended_at=now)
        RoleAssignment.objects.create(
            incident=incident,
            role=role,
            label=definition.name,
            single=definition.single,
            user_id=actor.user_id,
            started_at=now,
        )
        _say(incident, EntryKind.JOINED, [definition.name], actor, now)
    return incident


def leave(*, actor: Actor, number: int, now: dt.datetime | None = None) -> Incident:
    """Put one's own roles down. Conflict for the commander, who hands over first. Again changes nothing."""
    now = now or clock.now()
    with transaction.atomic():
        incident = lock(actor, "follow", number)
        held = RoleAssignment.objects.filter(
            incident=incident, user_id=actor.user_id or 0, ended_at__isnull=True
        )
        rows = list(held.order_by("pk"))
        if not rows:
            return incident
        if any(row.role == Role.COMMANDER for row in rows):
            raise Conflict("You are the commander: hand over command first.", code="hand_over_first")
        held.update(ended_at=now)
        for row in rows:
            pass_role_tasks(incident, row.role, row.user_id, None)
        _say(incident, EntryKind.LEFT, [row.label for row in rows], actor, now)
    return incident


def _say(incident: Incident, kind: EntryKind, roles: list[str], actor: Actor, now: dt.datetime) -> None:
    write_entry(incident, actor=actor, kind=kind, now=now, data={"roles": roles, "name": actor.label})
    save_incident(incident, now)
    announce(incident, "details", actor)


def call_role(*, actor: Actor, number: int, role: str, now: dt.datetime | None = None) -> Incident:
    """Fill a role from its own schedule and page whoever gets it. Needs the rights to do both."""
    definition = definition_of(role)
    if definition.schedule_id is None:
        raise field_error("role", "This role has no schedule.")
    now = now or clock.now()
    with transaction.atomic():
        incident = fill_role(
            actor=actor, number=number, role=role, schedule_id=definition.schedule_id, now=now
        )
        held = RoleAssignment.objects.filter(incident=incident, role=role, ended_at__isnull=True)
        called = held.filter(started_at=now).exclude(user_id=actor.user_id or 0)
        people = list(called.values_list("user_id", flat=True))
        if people and incident.is_active:
            text = _("You are needed as %(role)s.") % {"role": definition.name}
            incident = page(actor=actor, number=number, user_ids=people, text=text, now=now)
    return incident

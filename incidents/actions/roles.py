"""Who does what in an incident."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core import clock
from core.errors import field_error
from core.text import one_line
from incidents.actions.access import grant_respond
from incidents.actions.common import announce, lock, lock_by_number, save_incident, write_entry
from incidents.choices import ACTIVE, EntryAudience, EntryKind, IncidentStatus, Role
from incidents.models import Incident, RoleAssignment, RoleDefinition
from oncall.models import Schedule
from oncall.selectors import on_call_users
from teams.actor import Actor
from teams.models import User

# A resolved incident keeps the names of who led it; its postmortem has an owner of its own.
UNFINISHED = (*ACTIVE, IncidentStatus.IN_REVIEW)


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
    definition = definition_of(role)
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
        if user is None or definition.single:
            held.update(ended_at=now)
        if user is not None:
            RoleAssignment.objects.create(
                incident=incident,
                role=role,
                label=definition.name,
                single=definition.single,
                user=user,
                started_at=now,
                note=one_line(note, 500),
            )
            grant_respond(incident, user.pk)
        replaced = before[0].user.name if before and (user is None or definition.single) else ""
        _record(incident, definition, user, replaced, actor=actor, now=now, note=note)
    return incident


def fill_role(
    *,
    actor: Actor,
    number: int,
    role: str,
    user_id: int | None = None,
    schedule_id: int | None = None,
    note: str = "",
    now: dt.datetime | None = None,
) -> Incident:
    """Give a role to a person, or to whoever is on call in a schedule the actor may see.

    Of several people on call together a role held by one person goes to the first by id, others to all.
    """
    now = now or clock.now()
    if schedule_id is None:
        return assign_role(actor=actor, number=number, role=role, user_id=user_id, note=note, now=now)
    if user_id is not None:
        raise field_error("schedule", "Give a person or a schedule, not both.")
    schedule = Schedule.objects.visible_to(actor).filter(pk=schedule_id).first()
    if schedule is None:
        raise field_error("schedule", "There is no such schedule.")
    serving = on_call_users([schedule_id], now)[schedule_id]
    if not serving:
        raise field_error("schedule", "Nobody is on call there now.")
    text = note or _("On call in %(schedule)s") % {"schedule": schedule.name}
    chosen = serving[:1] if definition_of(role).single else serving
    with transaction.atomic():
        for person in chosen:
            incident = assign_role(actor=actor, number=number, role=role, user_id=person, note=text, now=now)
    return incident


def roles_of(user_id: int) -> QuerySet[RoleAssignment]:
    """The roles a person holds on incidents that are not over, by incident."""
    held = RoleAssignment.objects.filter(
        user_id=user_id, ended_at__isnull=True, incident__status__in=UNFINISHED
    )
    return held.select_related("incident", "user").order_by("incident_id", "pk")


def hand_over_roles(*, actor: Actor, user_id: int, successor_id: int, now: dt.datetime) -> None:
    """The successor takes every role of `roles_of`, in the caller's transaction; the timeline says so.

    The product's own work: the caller has checked the right (`teams.actions.deactivation`).
    """
    successor = _person(successor_id)
    for pk in list(roles_of(user_id).values_list("pk", flat=True)):
        row = RoleAssignment.objects.select_related("incident", "user").get(pk=pk)
        incident = lock_by_number(row.incident.number)
        if not RoleAssignment.objects.filter(pk=pk, ended_at__isnull=True).update(ended_at=now):
            continue
        assert successor is not None
        taken = RoleAssignment.objects.filter(incident=incident, role=row.role, ended_at__isnull=True)
        if not taken.filter(user=successor).exists():
            RoleAssignment.objects.create(
                incident=incident,
                role=row.role,
                label=row.label,
                single=row.single,
                user=successor,
                started_at=now,
                note=_("Handed over"),
            )
        grant_respond(incident, successor.pk)
        _record(incident, definition_of(row.role), successor, row.user.name, actor=actor, now=now)


def definition_of(role: str) -> RoleDefinition:
    """The role's definition; `InvalidInput` naming the known ones when there is none."""
    known = {row.key: row for row in RoleDefinition.objects.all()}
    if role not in known:
        raise field_error("role", f"One of {', '.join(known)}.")
    return known[role]


def _record(
    incident: Incident,
    definition: RoleDefinition,
    user: User | None,
    replaced: str,
    *,
    actor: Actor,
    now: dt.datetime,
    note: str = "",
) -> None:
    """The role has changed hands: the commander's column, the timeline and the event."""
    role = definition.key
    _note_commander(incident, role, user, now)
    write_entry(
        incident,
        actor=actor,
        kind=EntryKind.ROLE,
        now=now,
        text=one_line(note, 500),
        data={
            "role": role,
            "label": definition.name,
            "user": user.pk if user else None,
            "name": user.name if user else "",
            "replaced": replaced,
        },
        audience=EntryAudience.SUPPORT if role == Role.COMMANDER else EntryAudience.RESPONDERS,
    )
    save_incident(incident, now, "commander", "commander_assigned_at")
    announce(incident, "role", actor, role=role, user=user.pk if user else None)


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

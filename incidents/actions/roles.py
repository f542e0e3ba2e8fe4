"""Who does what in an incident."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core import clock
from core.errors import field_error
from core.text import one_line
from incidents.actions.access import grant_respond
from incidents.actions.common import announce, lock, lock_by_number, save_incident, write_entry
from incidents.actions.tasks import already_done
from incidents.choices import (
    ACTIVE,
    OPEN_TASKS,
    Control,
    EntryAudience,
    EntryKind,
    IncidentStatus,
    Role,
    TaskKind,
)
from incidents.models import Incident, IncidentTask, RoleAssignment, RoleDefinition
from oncall.models import Leave, Schedule
from oncall.selectors import on_call_overview, on_call_users
from teams.actor import Actor, system_actor
from teams.models import User

_CONTROL = re.compile(r"^(.+?) *\[([a-z_]+)\]$")
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
        user = person_of(user_id)
        held = RoleAssignment.objects.filter(incident=incident, role=role, ended_at__isnull=True)
        before = list(held.select_related("user"))
        if user and any(row.user_id == user.pk for row in before):
            return incident
        if user is None and not before:
            return incident
        leaving = before if user is None or definition.single else []
        give_role(incident, definition, user, leaving, actor=actor, now=now, note=note)
    return incident


def give_role(
    incident: Incident,
    definition: RoleDefinition,
    user: User | None,
    leaving: Sequence[RoleAssignment],
    *,
    actor: Actor,
    now: dt.datetime,
    note: str = "",
    backup: User | None = None,
) -> None:
    """In the locked incident: the assignments `leaving` end, and `user` (None: nobody) takes the role with
    its open tasks; the first in it gets its starter tasks."""
    RoleAssignment.objects.filter(pk__in=[row.pk for row in leaving]).update(ended_at=now)
    given = 0
    if user is not None:
        RoleAssignment.objects.create(
            incident=incident,
            role=definition.key,
            label=definition.name,
            single=definition.single,
            user=user,
            backup=backup,
            started_at=now,
            note=one_line(note, 500),
        )
        grant_respond(incident, *[row.pk for row in (user, backup) if row is not None])
        given = _starter_tasks(incident, definition, user, actor=actor, now=now)
    for row in leaving:
        pass_role_tasks(incident, definition.key, row.user_id, user)
    replaced = leaving[0].user.name if leaving else ""
    _record(incident, definition, user, replaced, actor=actor, now=now, note=note, given=given)


def _starter_tasks(
    incident: Incident, definition: RoleDefinition, user: User, *, actor: Actor, now: dt.datetime
) -> int:
    """The tasks that come with the role, once an incident (a role held by many: once a person). Light
    incidents get none; what is there or was done already is left out."""
    level = incident.severity
    if not definition.starter_tasks or (level is not None and level.light):
        return 0
    key = f"role:{definition.key}"
    held = IncidentTask.objects.filter(incident=incident)
    mine = held.filter(key=key) if definition.single else held.filter(key=key, owner=user)
    if mine.exists():
        return 0
    last = held.order_by("-position").values_list("position", flat=True).first()
    ready = already_done(incident)
    there = set(held.exclude(key=key).values_list("title", flat=True))
    wanted = [starter(text) for text in definition.starter_tasks]
    wanted = [pair for pair in wanted if pair[0] not in there and pair[1] not in ready]
    rows = [
        IncidentTask(
            incident=incident,
            key=key,
            title=title,
            control=control,
            kind=TaskKind.ADMIN,
            role=definition.key,
            owner=user,
            position=place,
            created_at=now,
            created_by_id=actor.user_id,
        )
        for place, (title, control) in enumerate(wanted, 0 if last is None else last + 1)
    ]
    return len(IncidentTask.objects.bulk_create(rows))


def starter(text: str) -> tuple[str, str]:
    """Title and control of a starter task; a control stands in brackets at its end: `Set it [severity]`."""
    found = _CONTROL.match(text)
    if found and found[2] in Control.values:
        return found[1], found[2]
    return text, ""


def pass_role_tasks(incident: Incident, role: str, user_id: int, successor: User | None) -> None:
    """What somebody had open because of a role goes with it; without a successor it is the role's alone."""
    rows = IncidentTask.objects.filter(incident=incident, role=role, owner_id=user_id, state__in=OPEN_TASKS)
    if successor is not None:
        rows.filter(backup=successor).update(backup=None)
    rows.update(owner=successor)


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
    People on leave are passed over: then the role's backup schedule serves, then whoever is next on call;
    the note says so.
    """
    now = now or clock.now()
    if schedule_id is None:
        return assign_role(actor=actor, number=number, role=role, user_id=user_id, note=note, now=now)
    if user_id is not None:
        raise field_error("schedule", "Give a person or a schedule, not both.")
    schedule = Schedule.objects.visible_to(actor).filter(pk=schedule_id).first()
    if schedule is None:
        raise field_error("schedule", "There is no such schedule.")
    definition = definition_of(role)
    serving, why = on_duty(schedule, definition, now)
    text = note or why
    chosen = serving[:1] if definition.single else serving
    with transaction.atomic():
        for person in chosen:
            incident = assign_role(actor=actor, number=number, role=role, user_id=person, note=text, now=now)
    return incident


def on_duty(schedule: Schedule, definition: RoleDefinition, now: dt.datetime) -> tuple[list[int], str]:
    """Who fills the role from this schedule, and why they; `InvalidInput` when nobody is there."""
    serving = on_call_users([schedule.pk], now)[schedule.pk]
    if not serving:
        raise field_error("schedule", "Nobody is on call there now.")
    present = [pk for pk in serving if pk not in away(serving, now)]
    if present:
        return present, _("On call in %(schedule)s") % {"schedule": schedule.name}
    names = ", ".join(User.objects.filter(pk__in=serving).order_by("pk").values_list("name", flat=True))
    backup = definition.backup_schedule if definition.schedule_id == schedule.pk else None
    if backup is not None:
        spare = on_call_users([backup.pk], now)[backup.pk]
        present = [pk for pk in spare if pk not in away(spare, now)]
        if present:
            words = {"schedule": backup.name, "names": names}
            return present, _("On call in %(schedule)s as backup; %(names)s: on leave") % words
    row = on_call_overview(system_actor(), now, schedule_id=schedule.pk)[0]
    following = [user.pk for user in row.next_users]
    present = [pk for pk in following if pk not in away(following, now)]
    if present:
        words = {"schedule": schedule.name, "names": names}
        return present, _("Next on call in %(schedule)s; %(names)s: on leave") % words
    raise field_error("schedule", f"Everybody on call there is on leave: {names}.")


def away(user_ids: Collection[int], now: dt.datetime) -> set[int]:
    """Those of these people who are on leave now."""
    rows = Leave.objects.filter(user_id__in=user_ids, starts_at__lte=now, ends_at__gt=now)
    return set(rows.values_list("user_id", flat=True))


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
    successor = person_of(successor_id)
    for pk in list(roles_of(user_id).values_list("pk", flat=True)):
        row = RoleAssignment.objects.select_related("incident", "user").get(pk=pk)
        incident = lock_by_number(row.incident.number)
        if not RoleAssignment.objects.filter(pk=pk, ended_at__isnull=True).update(ended_at=now):
            continue
        assert successor is not None
        pass_role_tasks(incident, row.role, row.user_id, successor)
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
    given: int = 0,
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
            **({"tasks": given} if given else {}),
        },
        audience=EntryAudience.SUPPORT if role == Role.COMMANDER else EntryAudience.RESPONDERS,
    )
    save_incident(incident, now, "commander", "commander_assigned_at")
    announce(incident, "role", actor, role=role, user=user.pk if user else None)


def person_of(user_id: int | None, name: str = "user") -> User | None:
    """The active person with this id, None for None; `InvalidInput` naming the field otherwise."""
    if user_id is None:
        return None
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise field_error(name, "There is no active person with this id.")
    return user


def _note_commander(incident: Incident, role: str, user: User | None, now: dt.datetime) -> None:
    if role != Role.COMMANDER:
        return
    incident.commander = user
    if user is not None and incident.commander_assigned_at is None:
        incident.commander_assigned_at = now

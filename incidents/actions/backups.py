"""Who takes over when somebody cannot: set by people, used by the product."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from core import clock
from core.errors import Conflict, NotVisible, field_error
from incidents.actions.access import grant_respond
from incidents.actions.common import announce, lock, lock_by_number, save_incident, write_entry
from incidents.actions.roles import away, definition_of, give_role, person_of
from incidents.actions.tasks import assign_task, record, task_of
from incidents.choices import OPEN_TASKS, EntryKind, TaskState
from incidents.models import Incident, IncidentTask, RoleAssignment, TimelineEntry
from notifications.actions.messages import request_message
from notifications.choices import Category, Urgency
from teams.actor import Actor, system_actor
from teams.models import User


def set_role_backup(
    *,
    actor: Actor,
    number: int,
    role: str,
    backup_id: int | None,
    user_id: int | None = None,
    now: dt.datetime | None = None,
) -> RoleAssignment:
    """Name who takes the role over when its holder cannot, or nobody. `user_id`: which holder, when several
    hold it. The backup sees the incident from now on."""
    definition = definition_of(role)
    now = now or clock.now()
    with transaction.atomic():
        incident = lock(actor, "assign_role", number)
        held = RoleAssignment.objects.filter(incident=incident, role=role, ended_at__isnull=True)
        rows = held.select_related("user").order_by("pk")
        row = (rows.filter(user_id=user_id) if user_id is not None else rows).first()
        if row is None:
            raise Conflict("Nobody holds this role now.", code="role_is_free")
        backup = person_of(backup_id, "backup")
        if backup is not None and backup.pk == row.user_id:
            raise field_error("backup", "Somebody else than the holder.")
        if row.backup_id == backup_id:
            return row
        row.backup = backup
        row.save(update_fields=["backup"])
        if backup is not None:
            grant_respond(incident, backup.pk)
        data = {
            "what": "backup",
            "role": role,
            "label": definition.name,
            "user": row.user_id,
            "name": row.user.name,
            "backup": backup.name if backup else "",
        }
        write_entry(incident, actor=actor, kind=EntryKind.ROLE, now=now, data=data)
        save_incident(incident, now)
        announce(incident, "details", actor)
    return row


def set_task_backup(
    *, actor: Actor, number: int, task_id: int, backup_id: int | None, now: dt.datetime | None = None
) -> IncidentTask:
    """Name who takes a task over when its owner cannot, or nobody."""
    task = IncidentTask.objects.filter(incident__number=number, pk=task_id).only("owner_id").first()
    if task is None:
        raise NotVisible
    return assign_task(
        actor=actor, number=number, task_id=task_id, owner_id=task.owner_id, backup_id=backup_id, now=now
    )


def pass_role_to_backup(*, assignment_id: int, now: dt.datetime) -> bool:
    """The holder is on leave: the backup takes the role, if they can. The product's own work."""
    row = RoleAssignment.objects.select_related("incident", "user", "backup").get(pk=assignment_id)
    with transaction.atomic():
        incident = lock_by_number(row.incident.number)
        current = RoleAssignment.objects.select_related("user", "backup").filter(
            pk=assignment_id, ended_at__isnull=True, backup__isnull=False
        )
        found = current.first()
        if found is None or found.backup is None or not incident.is_active:
            return False
        if found.user_id not in away([found.user_id], now) or not _can(found.backup, now):
            return False
        definition = definition_of(found.role)
        held = RoleAssignment.objects.filter(
            incident=incident, role=found.role, user=found.backup, ended_at__isnull=True
        )
        if held.exists():
            return False
        why = _("%(name)s is on leave") % {"name": found.user.name}
        actor = system_actor(_("Backup"), via="rule")
        give_role(incident, definition, found.backup, [found], actor=actor, now=now, note=why)
        _tell(incident, f"role-backup/{found.pk}", found.label, why, found.user, found.backup, now)
    return True


def pass_task_to_backup(*, task_id: int, now: dt.datetime) -> bool:
    """The owner is on leave, or has not begun a critical task by its due time and written nothing since it
    was theirs: the backup gets it, once. The product's own work."""
    number = IncidentTask.objects.values_list("incident__number", flat=True).get(pk=task_id)
    with transaction.atomic():
        incident = lock_by_number(number)
        task = task_of(incident, task_id)
        owner, backup = owner_of(task), task.backup
        if task.state not in OPEN_TASKS or not task.shown or task.passed_on_at or not incident.is_active:
            return False
        if owner is None or backup is None or owner.pk == backup.pk or not _can(backup, now):
            return False
        if owner.pk in away([owner.pk], now):
            why = _("%(name)s is on leave") % {"name": owner.name}
        elif _silent(task, owner, now):
            why = _("%(name)s has not begun by the due time") % {"name": owner.name}
        else:
            return False
        task.owner, task.backup, task.passed_on_at = backup, None, now
        task.save(update_fields=["owner", "backup", "passed_on_at"])
        grant_respond(incident, backup.pk)
        actor = system_actor(_("Backup"), via="rule")
        record(incident, task, "passed_on", actor=actor, now=now, text=why, replaced=owner.name)
        _tell(incident, f"task-backup/{task.pk}", task.title, why, owner, backup, now)
    return True


def owner_of(task: IncidentTask) -> User | None:
    """Whose it is: its own owner, else whoever holds its role."""
    if task.owner is not None or not task.role:
        return task.owner
    rows = RoleAssignment.objects.filter(
        incident_id=task.incident_id, role=task.role, ended_at__isnull=True, user__is_active=True
    )
    row = rows.select_related("user").order_by("pk").first()
    return row.user if row else None


def _silent(task: IncidentTask, owner: User, now: dt.datetime) -> bool:
    """A critical task past its due time that its owner has not begun, without a word since it was given."""
    if not task.critical or task.due_at is None or task.due_at > now or task.state != TaskState.OPEN:
        return False
    entries = TimelineEntry.objects.filter(incident_id=task.incident_id)
    about = entries.filter(kind=EntryKind.TASK, data__task=task.pk, data__what__in=["assigned", "reopened"])
    given = about.order_by("-seq").values_list("happened_at", flat=True).first() or task.created_at
    if task.owner_id is None:
        held = RoleAssignment.objects.filter(
            incident_id=task.incident_id, role=task.role, user=owner, ended_at__isnull=True
        )
        taken = held.order_by("-started_at").values_list("started_at", flat=True).first()
        given = max(given, taken or given)
    return not entries.filter(author=owner, written_at__gt=given).exists()


def _can(user: User, now: dt.datetime) -> bool:
    return user.is_active and user.pk not in away([user.pk], now)


def due_roles(now: dt.datetime, limit: int) -> list[int]:
    """Assignments on open incidents whose holder is on leave and that name a backup."""
    rows = RoleAssignment.objects.filter(
        incident__in=Incident.objects.active(),
        ended_at__isnull=True,
        backup__is_active=True,
        user__leave__starts_at__lte=now,
        user__leave__ends_at__gt=now,
    )
    return list(rows.values_list("pk", flat=True).distinct()[:limit])


def due_tasks(now: dt.datetime, limit: int) -> list[int]:
    """Open tasks with a backup whose owner may be away or silent; `pass_task_to_backup` judges."""
    rows = IncidentTask.objects.filter(
        incident__in=Incident.objects.active(),
        state__in=OPEN_TASKS,
        shown=True,
        passed_on_at__isnull=True,
        backup__is_active=True,
    )
    late = Q(critical=True, state=TaskState.OPEN, due_at__lte=now)
    absent = Q(owner__leave__starts_at__lte=now, owner__leave__ends_at__gt=now)
    return list(rows.filter(late | absent).values_list("pk", flat=True).distinct()[:limit])


def _tell(incident: Incident, key: str, what: str, why: str, old: User, new: User, now: dt.datetime) -> None:
    words = {"number": incident.number, "name": incident.name_outside}
    title = _("#%(number)s %(name)s: a backup has taken over") % words
    shown = what if incident.visibility == "open" else _("Something of yours there")
    for user, sentence in (
        (new, _("%(what)s is yours now. %(why)s.")),
        (old, _("%(what)s has gone to %(new)s. %(why)s.")),
    ):
        request_message(
            key=f"{key}/{user.pk}",
            category=Category.REMINDER,
            user_id=user.pk,
            title=title,
            body=sentence % {"what": shown, "why": why, "new": new.name},
            url_path=incident.get_absolute_url(),
            team_id=incident.team_id,
            subject_key=incident.subject_key,
            urgency=Urgency.HIGH,
            now=now,
        )

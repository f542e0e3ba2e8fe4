"""What somebody who leaves had to do: open tasks, backups, and playbooks they kept tested."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef, Q, QuerySet

from incidents.actions.access import grant_respond
from incidents.actions.common import lock_by_number, save_incident, write_entry
from incidents.actions.roles import UNFINISHED
from incidents.choices import OPEN_TASKS, EntryKind, IncidentStatus
from incidents.models import IncidentTask, Playbook, RoleAssignment
from teams.actions.audit import record
from teams.actor import Actor
from teams.models import User

_GOING_ON = (*UNFINISHED, IncidentStatus.RESOLVED)


def open_tasks_of(user_id: int) -> QuerySet[IncidentTask]:
    """What somebody owns or backs up on incidents that are not over, their reviews included; without what
    goes along with a role they hold."""
    held = RoleAssignment.objects.filter(
        incident=OuterRef("incident"),
        role=OuterRef("role"),
        user_id=user_id,
        ended_at__isnull=True,
        incident__status__in=UNFINISHED,
    )
    rows = IncidentTask.objects.filter(
        Q(owner_id=user_id) | Q(backup_id=user_id), state__in=OPEN_TASKS, incident__status__in=_GOING_ON
    )
    rows = rows.exclude(Q(owner_id=user_id) & Exists(held))
    return rows.select_related("incident").order_by("incident_id", "position", "pk")


def playbooks_of(user_id: int) -> QuerySet[Playbook]:
    """The playbooks in use that this person tested last, and so keeps fit."""
    return Playbook.objects.filter(tested_by_id=user_id, active=True)  # type: ignore[no-any-return]


def hand_over_tasks(*, actor: Actor, user_id: int, successor_id: int, now: dt.datetime) -> None:
    """The successor gets all of `open_tasks_of`, in the caller's transaction; the timeline says so.

    The product's own work: the caller has checked the right (`teams.actions.deactivation`).
    """
    successor = User.objects.get(pk=successor_id)
    rows = open_tasks_of(user_id)
    for number in sorted(set(rows.values_list("incident__number", flat=True))):
        incident = lock_by_number(number)
        mine = rows.filter(incident=incident)
        mine.filter(owner_id=user_id, backup_id=successor_id).update(backup=None)
        mine.filter(backup_id=user_id, owner_id=successor_id).update(backup=None)
        count = mine.filter(owner_id=user_id).update(owner=successor)
        mine.filter(backup_id=user_id).update(backup=successor)
        grant_respond(incident, successor_id)
        data = {"what": "handed_over", "count": count, "owner": successor.name, "quiet": True}
        write_entry(incident, actor=actor, kind=EntryKind.TASK, now=now, data=data)
        save_incident(incident, now)


def hand_over_playbooks(*, actor: Actor, user_id: int, successor_id: int) -> None:
    """The successor keeps these playbooks tested from now on; when they were tested stays as it is."""
    for playbook in list(playbooks_of(user_id)):
        playbook.tested_by_id = successor_id
        playbook.save(update_fields=["tested_by"])
        record(
            actor=actor,
            verb="handed over",
            obj_type="playbook",
            obj_id=playbook.pk,
            label=playbook.name,
            team_id=playbook.team_id,
        )

"""Reads of tasks, roles and playbooks: for the page, the lanes, the gate and Now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext as _

from incidents.actions.roles import UNFINISHED
from incidents.choices import OPEN_TASKS, IncidentStatus, OfferState, Stage
from incidents.models import (
    Incident,
    IncidentTask,
    Playbook,
    PlaybookVersion,
    RoleAssignment,
    RoleDefinition,
    RoleOffer,
)
from teams.actor import Actor
from teams.models import User

STALE_AFTER = dt.timedelta(days=180)
_STAGES = {stage.value: place for place, stage in enumerate(Stage)}
_GOING_ON = (*UNFINISHED, IncidentStatus.RESOLVED)


@dataclass
class TaskRow:
    """A shown task as a page draws it. `owner`: its own, else whoever holds its role. `blockers`: the open
    tasks it waits for. `running`: whether its clock still counts."""

    task: IncidentTask
    owner: User | None
    mine: bool
    blockers: list[IncidentTask] = field(default_factory=list)
    overdue: bool = False
    running: bool = True
    url: str = ""

    @property
    def is_open(self) -> bool:
        return self.task.state in OPEN_TASKS

    @property
    def waits(self) -> bool:
        """Whether it cannot begin yet."""
        return self.is_open and bool(self.blockers)


@dataclass
class Lane:
    """The tasks of one person, role or nobody, in the order of the stages."""

    label: str
    person: User | None
    note: str
    rows: list[TaskRow]

    @property
    def open_count(self) -> int:
        return sum(row.is_open for row in self.rows)


def task_rows(
    incident: Incident, roles: Iterable[RoleAssignment], viewer_id: int | None, now: dt.datetime
) -> list[TaskRow]:
    """The shown tasks in order: two statements, however many."""
    shown = IncidentTask.objects.filter(incident=incident, shown=True)
    tasks = list(shown.select_related("owner", "backup", "ended_by").order_by("position", "pk"))
    if not tasks:
        return []
    holders: dict[str, User] = {}
    for row in roles:
        holders.setdefault(row.role, row.user)
    waits = _waits(incident)
    by_id = {task.pk: task for task in tasks}
    return [
        TaskRow(
            task=task,
            owner=(owner := task.owner or holders.get(task.role)),
            mine=owner is not None and owner.pk == viewer_id,
            blockers=[
                by_id[pk] for pk in waits.get(task.pk, ()) if pk in by_id and by_id[pk].state in OPEN_TASKS
            ],
            overdue=_runs(task, incident)
            and task.state in OPEN_TASKS
            and task.due_at is not None
            and task.due_at < now,
            running=_runs(task, incident),
        )
        for task in tasks
    ]


def _runs(task: IncidentTask, incident: Incident) -> bool:
    """Whether its clock counts: once resolved, only that of what belongs to the time after."""
    return incident.is_active or (incident.status in _GOING_ON and task.stage == Stage.RETROSPECTIVE)


def _waits(incident: Incident) -> dict[int, list[int]]:
    through = IncidentTask.waits_for.through
    rows = through.objects.filter(from_incidenttask__incident=incident).order_by("pk")
    found: dict[int, list[int]] = {}
    for waiting, awaited in rows.values_list("from_incidenttask_id", "to_incidenttask_id"):
        found.setdefault(waiting, []).append(awaited)
    return found


def lanes(rows: Sequence[TaskRow], roles: Sequence[RoleAssignment], names: Mapping[str, str]) -> list[Lane]:
    """A lane for each owner, for each role nobody holds, and one for what is nobody's. `names`: role key →
    name."""
    held = {row.user_id: row.label for row in reversed(roles)}
    found: dict[tuple[str, object], Lane] = {}
    for row in rows:
        if row.owner is not None:
            key: tuple[str, object] = ("person", row.owner.pk)
            lane = Lane(row.owner.name, row.owner, held.get(row.owner.pk, ""), [])
        elif row.task.role:
            key = ("role", row.task.role)
            lane = Lane(names.get(row.task.role, row.task.role), None, _("nobody holds this role"), [])
        else:
            key = ("nobody", 0)
            lane = Lane(_("Nobody yet"), None, "", [])
        found.setdefault(key, lane).rows.append(row)
    for lane in found.values():
        lane.rows.sort(key=lambda row: (_STAGES.get(row.task.stage, -1), row.task.position, row.task.pk))
    order = {"person": 0, "role": 1, "nobody": 2}
    return [lane for key, lane in sorted(found.items(), key=lambda item: (order[item[0][0]], item[1].label))]


def tasks_in_the_way(incident: Incident, status: str) -> list[IncidentTask]:
    """The shown tasks that must be done or skipped before the incident may enter `status`."""
    rows = IncidentTask.objects.filter(
        incident=incident, needed_before=status, shown=True, state__in=OPEN_TASKS
    )
    return list(rows.order_by("position", "pk"))


def my_tasks(actor: Actor, now: dt.datetime, limit: int = 8) -> list[IncidentTask]:
    """The actor's open tasks on incidents they may see, the most urgent first; `overdue` is set on each.

    Their own, and those of roles they hold that have no owner.
    """
    held = RoleAssignment.objects.filter(user_id=actor.user_id or 0, ended_at__isnull=True)
    by_role = Q()
    for number, role in held.filter(incident__status__in=_GOING_ON).values_list("incident_id", "role")[:50]:
        by_role |= Q(owner__isnull=True, incident_id=number, role=role)
    mine = Q(owner_id=actor.user_id) | by_role if by_role else Q(owner_id=actor.user_id)
    rows = IncidentTask.objects.filter(
        mine,
        state__in=OPEN_TASKS,
        shown=True,
        incident__status__in=_GOING_ON,
        incident__in=Incident.objects.visible_to(actor),
    )
    found = list(rows.select_related("incident").order_by("due_at", "position", "pk")[:limit])
    for task in found:
        task.overdue = task.due_at is not None and task.due_at < now  # type: ignore[attr-defined]  # for the page
    return found


def role_offers_for(user_id: int, actor: Actor | None = None) -> list[RoleOffer]:
    """The roles offered to somebody who has not answered, on incidents that are not over; with `actor` only
    on those they may see."""
    rows = RoleOffer.objects.filter(
        offered_to_id=user_id, state=OfferState.OFFERED, incident__status__in=_GOING_ON
    )
    if actor is not None:
        rows = rows.filter(incident__in=Incident.objects.visible_to(actor))
    return list(rows.select_related("incident__severity", "offered_by").order_by("-id")[:10])


def open_offers(incident: Incident) -> list[RoleOffer]:
    """The offers of an incident nobody has answered yet."""
    rows = RoleOffer.objects.filter(incident=incident, state=OfferState.OFFERED)
    return list(rows.select_related("offered_to", "offered_by").order_by("id")[:20])


def definitions() -> list[RoleDefinition]:
    """All roles in order, with the schedules that fill them."""
    return list(RoleDefinition.objects.select_related("schedule", "backup_schedule"))


def missing_roles(
    incident: Incident,
    roles: Iterable[RoleAssignment],
    known: Sequence[RoleDefinition] | None = None,
) -> list[RoleDefinition]:
    """The roles that are required at the incident's rank and that nobody holds."""
    rank = incident.severity_id
    if rank is None or not incident.is_active:
        return []
    held = {row.role for row in roles}
    return [
        row
        for row in (definitions() if known is None else known)
        if row.required_to_rank is not None and rank <= row.required_to_rank and row.key not in held
    ]


def for_playbooks(actor: Actor) -> QuerySet[Playbook]:
    """Visible playbooks with `version_number` (None: no tasks yet) and `times_used`."""
    rows = Playbook.objects.visible_to(actor).select_related("team", "type", "tested_by")
    return rows.annotate(  # type: ignore[no-any-return]
        version_number=Max("versions__number"), times_used=Count("runs", distinct=True)
    )


def newest_versions(playbook_ids: Iterable[int]) -> dict[int, PlaybookVersion]:
    """Playbook id → its newest version, in one statement."""
    rows = PlaybookVersion.objects.filter(playbook_id__in=list(playbook_ids))
    return {row.playbook_id: row for row in rows.order_by("playbook_id", "-number").distinct("playbook_id")}


def startable(actor: Actor, incident: Incident) -> QuerySet[Playbook]:
    """The playbooks that can still be started on this incident: its team's and the organisation's first."""
    rows = Playbook.objects.visible_to(actor).filter(active=True, versions__isnull=False)
    return rows.exclude(runs__incident=incident).distinct().order_by("name", "pk")  # type: ignore[no-any-return]


def is_stale(playbook: Playbook, now: dt.datetime) -> bool:
    """Never tested, or not for 180 days."""
    return playbook.last_tested_on is None or now.date() - playbook.last_tested_on > STALE_AFTER


def by_stage(rows: Sequence[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The tasks of a version by the label of their stage, in the order of the stages."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.get("stage") or "", []).append(row)
    ordered = sorted(found.items(), key=lambda item: _STAGES.get(item[0], len(_STAGES)))
    return [(str(Stage(key).label) if key else _("Any time"), tasks) for key, tasks in ordered]

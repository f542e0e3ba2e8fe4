"""Plans that are ready before they are needed: written, published, tested, started."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q

from core import clock
from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import clean, one_line
from incidents.actions.common import announce, lock_by_number, required_text, save_incident, write_entry
from incidents.actions.tasks import MAX_TASKS, already_done, lock_for_tasks
from incidents.choices import EntryKind, IncidentKind, Stage, TaskState
from incidents.models import (
    Incident,
    IncidentTask,
    IncidentType,
    Playbook,
    PlaybookRun,
    PlaybookVersion,
    RoleDefinition,
)
from incidents.playbooks import Facts, TaskPlan, holds, parse
from teams.actions.audit import record as audit
from teams.actor import Actor

HEADER = (
    "name",
    "description",
    "type_id",
    "from_rank",
    "to_rank",
    "starts_by_itself",
    "stage",
    "active",
)


def create_playbook(
    *,
    actor: Actor,
    team_id: int | None,
    name: str,
    tasks: Sequence[Any] | None = None,
    note: str = "",
    now: dt.datetime | None = None,
    **fields: Any,
) -> Playbook:
    """A playbook of a team (its managers) or of the organisation (admins); with `tasks` also version 1."""
    if not actor.manages(team_id):
        raise NotAllowed("Managers write their team's playbooks, admins the organisation's.")
    now = now or clock.now()
    playbook = Playbook(team_id=team_id, created_at=now)
    _set(playbook, {**fields, "name": name})
    with transaction.atomic():
        playbook.save()
        _audit(actor, "created", playbook)
        if tasks is not None:
            publish_version(actor=actor, playbook_id=playbook.pk, tasks=tasks, note=note, now=now)
    return playbook


def edit_playbook(*, actor: Actor, playbook_id: int, **fields: Any) -> Playbook:
    """Change what is in `HEADER`; its tasks change by a new version."""
    with transaction.atomic():
        playbook = manageable(actor, playbook_id)
        before = {name: getattr(playbook, name) for name in HEADER}
        _set(playbook, fields)
        if before != {name: getattr(playbook, name) for name in HEADER}:
            playbook.save()
            _audit(actor, "changed", playbook)
    return playbook


def publish_version(
    *,
    actor: Actor,
    playbook_id: int,
    tasks: Sequence[Any],
    note: str = "",
    now: dt.datetime | None = None,
) -> PlaybookVersion:
    """Publish the tasks as the next version; the same tasks again change nothing. What runs keeps its own.

    `InvalidInput` with a field for each mistake (`tasks.3.title`).
    """
    now = now or clock.now()
    plans = parse(tasks, set(RoleDefinition.objects.values_list("key", flat=True)))
    rows = [plan.as_row() for plan in plans]
    with transaction.atomic():
        playbook = manageable(actor, playbook_id)
        last = playbook.versions.order_by("-number").first()
        if last is not None and last.tasks == rows:
            return last
        version = PlaybookVersion.objects.create(
            playbook=playbook,
            number=last.number + 1 if last else 1,
            tasks=rows,
            note=one_line(note, 300),
            author_id=actor.user_id,
            author_label=actor.label[:200],
            published_at=now,
        )
        _audit(actor, "published", playbook, version=version.number, tasks=len(rows))
    return version


def retire_playbook(*, actor: Actor, playbook_id: int) -> Playbook:
    """Offered and started no more; what ran keeps its tasks. Again is no error."""
    return edit_playbook(actor=actor, playbook_id=playbook_id, active=False)


def mark_tested(*, actor: Actor, playbook_id: int, now: dt.datetime | None = None) -> Playbook:
    """Somebody has gone through it today and it fits."""
    today = (now or clock.now()).date()
    with transaction.atomic():
        playbook = manageable(actor, playbook_id)
        playbook.last_tested_on, playbook.tested_by_id = today, actor.user_id
        playbook.save(update_fields=["last_tested_on", "tested_by"])
        _audit(actor, "tested", playbook)
    return playbook


def start_playbook(
    *, actor: Actor, number: int, playbook_id: int, now: dt.datetime | None = None
) -> PlaybookRun:
    """Make the tasks of the newest version; due times count from now. Once a playbook each incident: again
    gives the run that is there."""
    now = now or clock.now()
    with transaction.atomic():
        incident = lock_for_tasks(actor, number)
        playbook = Playbook.objects.visible_to(actor).filter(pk=playbook_id).first()
        if playbook is None:
            raise field_error("playbook", "There is no such playbook.")
        run = PlaybookRun.objects.filter(incident=incident, playbook=playbook).first()
        if run is not None:
            return run
        if not playbook.active:
            raise Conflict("This playbook is no longer in use.", code="retired")
        return _start(incident, playbook, actor=actor, now=now)


def start_matching(incident: Incident, now: dt.datetime, actor: Actor) -> list[PlaybookRun]:
    """Start every playbook that starts by itself on such an incident and has not yet; the caller holds the
    incident's lock. Harmless again. Nothing for backfilled incidents and maintenance, or once it is over."""
    if not incident.is_active or incident.kind not in (IncidentKind.REAL, IncidentKind.DRILL):
        return []
    rank = incident.severity_id
    rows = Playbook.objects.filter(
        Q(team__isnull=True) | Q(team_id=incident.team_id),
        Q(type__isnull=True) | Q(type_id=incident.type_id),
        active=True,
        starts_by_itself=True,
        versions__isnull=False,
    )
    if rank is None:
        rows = rows.filter(from_rank__isnull=True, to_rank__isnull=True)
    else:
        rows = rows.filter(
            Q(from_rank__isnull=True) | Q(from_rank__lte=rank), Q(to_rank__isnull=True) | Q(to_rank__gte=rank)
        )
    rows = rows.exclude(runs__incident=incident).order_by("pk").distinct()
    return [_start(incident, playbook, actor=actor, now=now, by_itself=True) for playbook in rows]


def start_matching_by_number(number: int, now: dt.datetime, actor: Actor) -> None:
    """`start_matching` in a transaction of its own."""
    with transaction.atomic():
        start_matching(lock_by_number(number), now, actor)


def _start(
    incident: Incident, playbook: Playbook, *, actor: Actor, now: dt.datetime, by_itself: bool = False
) -> PlaybookRun:
    version = playbook.versions.order_by("-number").first()
    if version is None:
        raise Conflict("This playbook has no tasks yet.", code="no_version")
    plans = parse(version.tasks)
    held = IncidentTask.objects.filter(incident=incident)
    last = held.order_by("-position").values_list("position", flat=True).first()
    if held.count() + len(plans) > MAX_TASKS:
        raise Conflict(f"An incident has at most {MAX_TASKS} tasks.", code="too_many")
    run = PlaybookRun.objects.create(
        incident=incident,
        playbook=playbook,
        version=version,
        name=playbook.name,
        started_at=now,
        started_by_label=actor.label[:200],
    )
    first = 0 if last is None else last + 1
    _make_tasks(incident, run, plans, first, actor=actor, now=now)
    data = {
        "playbook": playbook.pk,
        "name": playbook.name,
        "version": version.number,
        "tasks": len(plans),
        "by_itself": by_itself,
    }
    write_entry(incident, actor=actor, kind=EntryKind.PLAYBOOK, now=now, data=data)
    save_incident(incident, now)
    announce(incident, "task", actor, playbook=playbook.pk, change="playbook")
    return run


def _make_tasks(
    incident: Incident,
    run: PlaybookRun,
    plans: Sequence[TaskPlan],
    first: int,
    *,
    actor: Actor,
    now: dt.datetime,
) -> None:
    facts = Facts(
        rank=incident.severity_id,
        status=incident.status,
        type=incident.type.key if incident.type else "",
        fields=incident.fields,
        tasks={plan.key: TaskState.OPEN.value for plan in plans},
    )
    ready = already_done(incident)
    rows = {
        plan.key: IncidentTask(
            incident=incident,
            run=run,
            key=plan.key,
            title=plan.title,
            detail=plan.detail,
            kind=plan.kind,
            stage=plan.stage or (run.playbook.stage if run.playbook else ""),
            role=plan.role,
            critical=plan.critical,
            due_at=None if plan.due_minutes is None else now + dt.timedelta(minutes=plan.due_minutes),
            shown_when=plan.shown_when,
            shown=holds(plan.shown_when, facts),
            control=plan.control,
            needed_before=plan.needed_before,
            position=first + place,
            created_at=now,
            created_by_id=actor.user_id,
            state=TaskState.DONE if plan.control in ready else TaskState.OPEN,
            ended_at=now if plan.control in ready else None,
        )
        for place, plan in enumerate(plans)
    }
    held = IncidentTask.objects.filter(incident=incident, run__isnull=True, state=TaskState.OPEN)
    held.filter(key__startswith="role:", title__in=[plan.title for plan in plans]).delete()
    IncidentTask.objects.bulk_create(rows.values())
    _link_tasks(plans, rows)


def _link_tasks(plans: Sequence[TaskPlan], rows: Mapping[str, IncidentTask]) -> None:
    through = IncidentTask.waits_for.through
    through.objects.bulk_create(
        through(from_incidenttask_id=rows[plan.key].pk, to_incidenttask_id=rows[key].pk)
        for plan in plans
        for key in plan.waits_for
    )


def manageable(actor: Actor, playbook_id: int) -> Playbook:
    """The locked playbook; NotVisible or NotAllowed when refused."""
    rows = Playbook.objects.select_for_update(of=("self",), no_key=True)
    playbook: Playbook | None = rows.filter(pk=playbook_id).first()
    seen = actor.is_system or Playbook.objects.visible_to(actor).filter(pk=playbook_id).exists()
    if playbook is None or not seen:
        raise NotVisible
    if not actor.manages(playbook.team_id):
        raise NotAllowed("Managers write their team's playbooks, admins the organisation's.")
    return playbook


def _set(playbook: Playbook, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        if name not in HEADER:
            raise field_error(name, "There is no such field.")
        setattr(playbook, name, value)
    playbook.name = one_line(required_text("name", playbook.name or "", 120), 120)
    playbook.description = clean(playbook.description or "").strip()[:2000]
    if playbook.stage and playbook.stage not in Stage.values:
        raise field_error("stage", f"One of {', '.join(Stage.values)}.")
    for name in ("from_rank", "to_rank"):
        rank = getattr(playbook, name)
        if rank is not None and not 0 <= rank <= 4:
            raise field_error(name, "A rank from 0 to 4.")
    if None not in (playbook.from_rank, playbook.to_rank) and playbook.from_rank > playbook.to_rank:  # type: ignore[operator]  # neither is None here
        raise field_error("to_rank", "The same rank or a less grave one (a higher number).")
    if playbook.type_id is not None and not IncidentType.objects.filter(pk=playbook.type_id).exists():
        raise field_error("type", "There is no such type.")


def _audit(actor: Actor, verb: str, playbook: Playbook, **data: Any) -> None:
    audit(
        actor=actor,
        verb=verb,
        obj_type="playbook",
        obj_id=playbook.pk,
        label=playbook.name,
        team_id=playbook.team_id,
        data=data,
    )

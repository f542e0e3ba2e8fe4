"""What becomes of a task: begun, blocked, done, skipped, opened again; by hand or by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction

from core import clock
from core.errors import Conflict
from incidents.actions.common import lock_by_number, required_text
from incidents.actions.tasks import lock_for_tasks, record, task_of
from incidents.choices import OPEN_TASKS, TaskState
from incidents.models import IncidentTask
from teams.actor import Actor
from teams.models import User

MAX_REASON = 300


def start_task(*, actor: Actor, number: int, task_id: int, now: dt.datetime | None = None) -> IncidentTask:
    """Somebody is at it; a task of nobody becomes the actor's. Conflict while it waits for others."""
    now = now or clock.now()
    with transaction.atomic():
        incident = lock_for_tasks(actor, number)
        task = task_of(incident, task_id)
        if task.state == TaskState.DOING:
            return task
        _must_be_open(task)
        _must_not_wait(task)
        task.state, task.reason = TaskState.DOING, ""
        task.started_at = task.started_at or now
        if task.owner_id is None and actor.user_id is not None and task.backup_id != actor.user_id:
            task.owner = User.objects.get(pk=actor.user_id)
        task.save(update_fields=["state", "reason", "started_at", "owner"])
        record(incident, task, "started", actor=actor, now=now, quiet=True)
    return task


def finish_task(*, actor: Actor, number: int, task_id: int, now: dt.datetime | None = None) -> IncidentTask:
    """It is done. Conflict while it waits for others; a second person finishing it changes nothing."""
    now = now or clock.now()
    with transaction.atomic():
        incident = lock_for_tasks(actor, number)
        task = task_of(incident, task_id)
        if task.state == TaskState.DONE:
            return task
        _must_be_open(task)
        _must_not_wait(task)
        _end(task, TaskState.DONE, "", actor.user_id, now)
        record(incident, task, "done", actor=actor, now=now)
    return task


def skip_task(
    *, actor: Actor, number: int, task_id: int, reason: str, now: dt.datetime | None = None
) -> IncidentTask:
    """It will not be done, for a reason; also while it waits for others."""
    now = now or clock.now()
    reason = required_text("reason", reason, MAX_REASON)
    with transaction.atomic():
        incident = lock_for_tasks(actor, number)
        task = task_of(incident, task_id)
        if task.state == TaskState.SKIPPED:
            return task
        _must_be_open(task)
        _end(task, TaskState.SKIPPED, reason, actor.user_id, now)
        record(incident, task, "skipped", actor=actor, now=now, text=reason)
    return task


def block_task(
    *, actor: Actor, number: int, task_id: int, reason: str, now: dt.datetime | None = None
) -> IncidentTask:
    """It cannot go on, for a reason that is no other task."""
    now = now or clock.now()
    reason = required_text("reason", reason, MAX_REASON)
    with transaction.atomic():
        incident = lock_for_tasks(actor, number)
        task = task_of(incident, task_id)
        _must_be_open(task)
        if task.state == TaskState.BLOCKED and task.reason == reason:
            return task
        task.state, task.reason = TaskState.BLOCKED, reason
        task.save(update_fields=["state", "reason"])
        record(incident, task, "blocked", actor=actor, now=now, text=reason)
    return task


def reopen_task(*, actor: Actor, number: int, task_id: int, now: dt.datetime | None = None) -> IncidentTask:
    """It is to be done after all, or can go on."""
    now = now or clock.now()
    with transaction.atomic():
        incident = lock_for_tasks(actor, number)
        task = task_of(incident, task_id)
        if task.state == TaskState.OPEN:
            return task
        task.state, task.reason = TaskState.OPEN, ""
        task.started_at = task.ended_at = task.ended_by = None
        task.save(update_fields=["state", "reason", "started_at", "ended_at", "ended_by"])
        record(incident, task, "reopened", actor=actor, now=now, quiet=True)
    return task


def tick_controls(
    *, number: int, controls: Collection[str], user_id: int | None, actor: Actor, now: dt.datetime
) -> int:
    """What these controls open was done: their open tasks end by themselves. Returns how many.

    The product's own work. `user_id`: who did the thing.
    """
    waiting = IncidentTask.objects.filter(
        incident__number=number, control__in=controls, state__in=OPEN_TASKS, shown=True
    )
    if not controls or not waiting.exists():
        return 0
    with transaction.atomic():
        incident = lock_by_number(number)
        rows = list(waiting.select_related("owner"))
        for task in rows:
            task.incident = incident
            _end(task, TaskState.DONE, "", user_id, now)
            record(incident, task, "done", actor=actor, now=now, quiet=True, by_itself=True)
    return len(rows)


def blockers(task: IncidentTask) -> list[IncidentTask]:
    """The shown, open tasks it waits for."""
    return list(task.waits_for.filter(state__in=OPEN_TASKS, shown=True).order_by("position", "pk"))


def _end(task: IncidentTask, state: str, reason: str, user_id: int | None, now: dt.datetime) -> None:
    task.state, task.reason = state, reason
    task.ended_at, task.ended_by_id = now, user_id
    task.save(update_fields=["state", "reason", "ended_at", "ended_by"])


def _must_be_open(task: IncidentTask) -> None:
    if task.state not in OPEN_TASKS:
        raise Conflict("This task is over; open it again first.", code="task_over")


def _must_not_wait(task: IncidentTask) -> None:
    waits = blockers(task)
    if waits:
        names = ", ".join(f"“{row.title}”" for row in waits[:3])
        raise Conflict(
            f"It waits for {names}.", code="task_waits", fields={"waits_for": [row.title for row in waits]}
        )

"""The tasks of an incident: writing them down, changing them, giving them to people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.errors import Conflict, NotVisible, field_error
from core.text import clean, one_line
from incidents.actions.access import grant_respond
from incidents.actions.common import announce, lock, required_text, save_incident, write_entry
from incidents.choices import (
    OPEN_TASKS,
    Control,
    EntryKind,
    IncidentStatus,
    Stage,
    TaskKind,
)
from incidents.errors import ChangedMeanwhile
from incidents.models import Incident, IncidentTask, RoleDefinition
from incidents.playbooks import MAX_DETAIL, MAX_WAITS, Facts, find_cycle, holds
from teams.actor import Actor
from teams.models import User

MAX_TASKS = 300
# Nothing is done any more in these; every other state has work of its own, the review's included.
_OVER = (IncidentStatus.CLOSED, IncidentStatus.DECLINED, IncidentStatus.MERGED)
FIELDS = (
    "title",
    "detail",
    "kind",
    "stage",
    "role",
    "owner",
    "backup",
    "due_at",
    "critical",
    "waits_for",
    "control",
    "needed_before",
)
_CHOICES: dict[str, Collection[str]] = {
    "kind": TaskKind.values,
    "stage": ["", *Stage.values],
    "control": Control.values,
    "needed_before": ["", *IncidentStatus.values],
}


def add_task(
    *,
    actor: Actor,
    number: int,
    title: str,
    now: dt.datetime | None = None,
    **fields: Any,
) -> IncidentTask:
    """Write down something to do. `fields`: those of `FIELDS`; people and other tasks by id.

    Conflict when the incident is over or holds 300 tasks already.
    """
    now = now or clock.now()
    with transaction.atomic():
        incident = lock_for_tasks(actor, number)
        held = IncidentTask.objects.filter(incident=incident)
        last = held.order_by("-position").values_list("position", flat=True).first()
        if last is not None and held.count() >= MAX_TASKS:
            raise Conflict(f"An incident has at most {MAX_TASKS} tasks.", code="too_many")
        task = IncidentTask(
            incident=incident,
            position=0 if last is None else last + 1,
            created_at=now,
            created_by_id=actor.user_id,
        )
        values = {name: _checked(incident, name, value) for name, value in fields.items()}
        _set(task, values | {"title": _checked(incident, "title", title)})
        task.save()
        if values.get("waits_for"):
            _link(task, values["waits_for"])
        record(incident, task, "created", actor=actor, now=now)
    return task


def edit_task(
    *,
    actor: Actor,
    number: int,
    task_id: int,
    changes: Mapping[str, Any],
    base: Mapping[str, Any] | None = None,
    now: dt.datetime | None = None,
) -> IncidentTask:
    """Change fields of `FIELDS`. `base`: what the editor saw when they began.

    A field the editor left as it was keeps what somebody else has written meanwhile. One that both have
    changed differently is a Conflict `changed_meanwhile` whose `fields` name the present values; nothing
    is stored then.
    """
    now = now or clock.now()
    with transaction.atomic():
        incident = lock_for_tasks(actor, number)
        task = task_of(incident, task_id)
        stored = values_of(task)
        wanted = {name: _checked(incident, name, value) for name, value in changes.items()}
        started = {name: plain(name, value) for name, value in (base or {}).items()}
        clash = {}
        for name in list(wanted):
            new = plain(name, wanted[name])
            if new == stored[name] or (name in started and new == started[name]):
                del wanted[name]
            elif name in started and started[name] != stored[name]:
                clash[name] = [said(task, name)]
        if clash:
            raise ChangedMeanwhile(fields=clash)
        if wanted:
            _store(task, wanted)
            what = "assigned" if set(wanted) <= {"owner", "backup"} else "edited"
            record(incident, task, what, actor=actor, now=now, quiet=True, fields=sorted(wanted))
    return task


def assign_task(
    *,
    actor: Actor,
    number: int,
    task_id: int,
    owner_id: int | None,
    backup_id: int | None = None,
    keep_backup: bool = False,
    now: dt.datetime | None = None,
) -> IncidentTask:
    """Give a task to somebody (None: to nobody), with who takes over when they cannot. They may then
    respond to the incident. `keep_backup`: the backup stays, unless it is the new owner."""
    changes: dict[str, Any] = {"owner": owner_id}
    if not keep_backup:
        changes["backup"] = backup_id
    return edit_task(actor=actor, number=number, task_id=task_id, changes=changes, now=now)


def reorder_tasks(
    *, actor: Actor, number: int, task_ids: Sequence[int], now: dt.datetime | None = None
) -> None:
    """Put these tasks first, in this order; the others follow as they were. All must be the incident's."""
    now = now or clock.now()
    with transaction.atomic():
        incident = lock_for_tasks(actor, number)
        rows = {row.pk: row for row in IncidentTask.objects.filter(incident=incident)}
        if len(set(task_ids)) != len(task_ids) or not set(task_ids) <= set(rows):
            raise field_error("tasks", "Each of the incident's tasks at most once.")
        order = [*task_ids, *(pk for pk in rows if pk not in set(task_ids))]
        moved = [rows[pk] for place, pk in enumerate(order) if rows[pk].position != place]
        for place, pk in enumerate(order):
            rows[pk].position = place
        if moved:
            IncidentTask.objects.bulk_update(moved, ["position"])
            record(incident, rows[order[0]], "reordered", actor=actor, now=now, quiet=True)


def lock_for_tasks(actor: Actor, number: int) -> Incident:
    """The locked incident whose tasks may be changed; Conflict when it is over."""
    incident = lock(actor, "edit_tasks", number)
    if incident.status in _OVER:
        raise Conflict("This incident is over; its tasks stay as they are.", code="not_active")
    return incident


def task_of(incident: Incident, task_id: int) -> IncidentTask:
    """The incident's own task; NotVisible otherwise."""
    rows = IncidentTask.objects.select_related("owner", "backup")
    task = rows.filter(incident=incident, pk=task_id).first()
    if task is None:
        raise NotVisible
    task.incident = incident
    return task


def record(
    incident: Incident,
    task: IncidentTask,
    what: str,
    *,
    actor: Actor,
    now: dt.datetime,
    text: str = "",
    quiet: bool = False,
    **more: Any,
) -> None:
    """Something became of a task: conditions are looked at anew, the timeline and the event say so."""
    refresh_shown(incident, actor=actor, now=now)
    data = {"task": task.pk, "what": what, "title": task.title, **more}
    if task.owner is not None and what in ("created", "assigned", "passed_on"):
        data["owner"] = task.owner.name
    if quiet:
        data["quiet"] = True
    write_entry(incident, actor=actor, kind=EntryKind.TASK, now=now, text=text, data=data)
    save_incident(incident, now)
    announce(incident, "task", actor, task=task.pk, change=what)


def refresh_shown(incident: Incident, *, actor: Actor, now: dt.datetime) -> None:
    """Show the open tasks whose condition holds now, hide the others; in the locked incident's transaction.

    The caller saves the incident. The timeline names what has come and what has gone.
    """
    held = IncidentTask.objects.filter(incident=incident)
    rows = list(held.exclude(shown_when={}).filter(state__in=OPEN_TASKS))
    if not rows:
        return
    states: dict[int | None, dict[str, str]] = {}
    for run_id, key, state in held.exclude(key="").values_list("run_id", "key", "state"):
        states.setdefault(run_id, {})[key] = state
    kind = incident.type.key if incident.type else ""
    moved: dict[bool, list[IncidentTask]] = {True: [], False: []}
    for row in rows:
        facts = Facts(
            rank=incident.severity_id,
            status=incident.status,
            type=kind,
            fields=incident.fields,
            tasks=states.get(row.run_id, {}),
        )
        shown = holds(row.shown_when, facts)
        if shown != row.shown:
            row.shown = shown
            moved[shown].append(row)
    for shown, changed in moved.items():
        if changed:
            IncidentTask.objects.filter(pk__in=[row.pk for row in changed]).update(shown=shown)
            data = {
                "what": "shown" if shown else "hidden",
                "titles": [row.title for row in changed[:10]],
                "count": len(changed),
                "quiet": True,
            }
            write_entry(incident, actor=actor, kind=EntryKind.TASK, now=now, data=data)


def already_done(incident: Incident) -> set[str]:
    """Controls whose thing was done before a task for it came."""
    facts = {
        Control.SEVERITY: incident.severity_id is not None,
        Control.COMMAND: incident.commander_id is not None,
        Control.IMPACT: bool(incident.impact),
        Control.STATUS_IDENTIFIED: incident.status in (IncidentStatus.IDENTIFIED, IncidentStatus.MONITORING),
        Control.STATUS_MONITORING: incident.status == IncidentStatus.MONITORING,
        Control.RESOLVE: not incident.is_active,
    }
    return {control.value for control, done in facts.items() if done}


def values_of(task: IncidentTask) -> dict[str, Any]:
    """The editable fields as plain values: people and tasks by id, the due time as ISO text."""
    raw = {name: getattr(task, name) for name in FIELDS if name not in ("owner", "backup", "waits_for")}
    raw |= {"owner": task.owner_id, "backup": task.backup_id}
    raw["waits_for"] = list(task.waits_for.values_list("pk", flat=True))
    return {name: plain(name, value) for name, value in raw.items()}


def plain(name: str, value: Any) -> Any:
    """A value as two of them are compared."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(second=0, microsecond=0).isoformat()
    if isinstance(value, User | IncidentTask):
        return value.pk
    if name == "waits_for":
        return sorted(plain("", item) for item in value)
    return value


def said(task: IncidentTask, name: str) -> str:
    """The present value of a field in words, for somebody who has to decide between two."""
    if name in ("owner", "backup"):
        person = getattr(task, name)
        return person.name if person else _("Nobody")
    if name == "waits_for":
        return ", ".join(task.waits_for.values_list("title", flat=True)) or "—"
    value = getattr(task, name)
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
    label = getattr(task, f"get_{name}_display", None)
    return str(label() if label else value) or "—"


def _checked(incident: Incident, name: str, value: Any) -> Any:
    """The value as it is stored (people and tasks as rows); `InvalidInput` naming the field."""
    if name not in FIELDS:
        raise field_error(name, "There is no such field.")
    if name == "title":
        return one_line(required_text("title", value or "", 200), 200)
    if name == "detail":
        return clean(value or "").strip()[:MAX_DETAIL]
    if name in ("owner", "backup"):
        return _person(name, value)
    if name == "waits_for":
        return _others(incident, value or [])
    if name == "role":
        if value and not RoleDefinition.objects.filter(pk=value).exists():
            raise field_error("role", "There is no such role.")
        return value or ""
    if name in _CHOICES:
        if (value or "") not in _CHOICES[name]:
            raise field_error(name, f"One of {', '.join(word for word in _CHOICES[name] if word)}.")
        return value or ""
    return bool(value) if name == "critical" else value


def _person(name: str, user_id: Any) -> User | None:
    if user_id is None:
        return None
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise field_error(name, "There is no active person with this id.")
    return user


def _others(incident: Incident, ids: Sequence[int]) -> list[IncidentTask]:
    if len(ids) > MAX_WAITS:
        raise field_error("waits_for", f"At most {MAX_WAITS} tasks.")
    rows = list(IncidentTask.objects.filter(incident=incident, pk__in=ids))
    if len(rows) != len(set(ids)):
        raise field_error("waits_for", "At least one of them is no task of this incident.")
    return rows


def _store(task: IncidentTask, wanted: Mapping[str, Any]) -> None:
    _set(task, wanted)
    task.save()
    if "waits_for" in wanted:
        _link(task, wanted["waits_for"])


def _set(task: IncidentTask, values: Mapping[str, Any]) -> None:
    due = task.due_at
    for name, value in values.items():
        if name != "waits_for":
            setattr(task, name, value)
    if task.backup is not None and task.backup_id == task.owner_id:
        if "backup" in values:
            raise field_error("backup", "Somebody else than the owner.")
        task.backup = None
    if task.due_at != due:
        task.reminded_at = None
    people = [values[name].pk for name in ("owner", "backup") if values.get(name) is not None]
    if people:
        grant_respond(task.incident, *people)


def _link(task: IncidentTask, others: Sequence[IncidentTask]) -> None:
    """Wait for these; refused when that would close a circle."""
    task.waits_for.set(others)
    if not others:
        return
    waits: dict[int, list[int]] = {}
    through = IncidentTask.waits_for.through
    rows = through.objects.filter(from_incidenttask__incident_id=task.incident_id)
    for waiting, awaited in rows.values_list("from_incidenttask_id", "to_incidenttask_id"):
        waits.setdefault(waiting, []).append(awaited)
    if find_cycle(waits):
        raise field_error("waits_for", "These tasks would wait for each other.")

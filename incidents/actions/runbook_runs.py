"""A runbook at work on an incident: started, its steps ticked, another version taken, what it was worth."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from core.errors import Conflict, NotVisible, field_error
from core.text import one_line
from incidents.actions.common import lock, save_incident, write_entry
from incidents.actions.tasks import lock_for_tasks
from incidents.choices import EntryKind, Helpful
from incidents.models import Incident, Runbook, RunbookRun, RunbookTick
from incidents.runbooks.live import announce
from incidents.runbooks.selectors import newest
from teams.actor import Actor


def start_runbook(
    *, actor: Actor, number: int, runbook_id: int, now: dt.datetime | None = None
) -> RunbookRun:
    """Begin it on the incident with its newest version; again gives the run that is there."""
    now = now or clock.now()
    with transaction.atomic():
        incident = lock_for_tasks(actor, number)
        runbook = _visible(actor, runbook_id)
        return _run_of(incident, runbook) or _start(incident, runbook, actor=actor, now=now)


def tick_step(
    *,
    actor: Actor,
    number: int,
    runbook_id: int,
    key: str,
    done: bool = True,
    now: dt.datetime | None = None,
) -> RunbookRun:
    """A step is done, or is not after all; the first tick starts the runbook.

    A step somebody else has ticked meanwhile keeps their name. When the last one is ticked for the first time the
    timeline says so.
    """
    now = now or clock.now()
    with transaction.atomic():
        incident = lock_for_tasks(actor, number)
        runbook = _visible(actor, runbook_id)
        run = _run_of(incident, runbook)
        if run is None:
            run = _start(incident, runbook, actor=actor, now=now)
        keys = run.version.step_keys
        if key not in keys:
            raise field_error("step", "There is no such step in this version.")
        if done:
            _tick, changed = RunbookTick.objects.get_or_create(
                run=run, key=key, defaults={"by_id": actor.user_id, "by_label": actor.label[:200], "at": now}
            )
        else:
            changed = bool(run.ticks.filter(key=key).delete()[0])
        if changed:
            _finish(incident, run, actor=actor, now=now)
            announce(incident, now=now)
    return run


def switch_version(
    *, actor: Actor, number: int, runbook_id: int, now: dt.datetime | None = None
) -> RunbookRun:
    """Go on with the newest version; steps with the same words stay ticked."""
    now = now or clock.now()
    with transaction.atomic():
        incident = lock_for_tasks(actor, number)
        run = _run_of(incident, _visible(actor, runbook_id))
        if run is None:
            raise Conflict("This runbook has not been started here.", code="not_started")
        version = newest(runbook_id)
        if version is not None and version.pk != run.version_id:
            run.version = version
            run.save(update_fields=["version"])
            announce(incident, now=now)
    return run


def rate_runbook(
    *,
    actor: Actor,
    number: int,
    runbook_id: int,
    helpful: str,
    comment: str = "",
    now: dt.datetime | None = None,
) -> RunbookRun:
    """Whether it helped: yes, partly or no, and a word about it; also once the incident is closed."""
    now = now or clock.now()
    if helpful not in (Helpful.YES, Helpful.PARTLY, Helpful.NO):
        raise field_error("helpful", "One of yes, partly, no.")
    with transaction.atomic():
        incident = lock(actor, "edit_tasks", number)
        run = _run_of(incident, _visible(actor, runbook_id))
        if run is None:
            raise Conflict("This runbook has not been started here.", code="not_started")
        run.helpful, run.comment = helpful, one_line(comment, 500)
        run.answered_by_label, run.answered_at = actor.label[:200], now
        run.save(update_fields=["helpful", "comment", "answered_by_label", "answered_at"])
        announce(incident, now=now)
    return run


def _visible(actor: Actor, runbook_id: int) -> Runbook:
    runbook: Runbook | None = Runbook.objects.visible_to(actor).filter(pk=runbook_id).first()
    if runbook is None:
        raise NotVisible
    return runbook


def _run_of(incident: Incident, runbook: Runbook) -> RunbookRun | None:
    rows = RunbookRun.objects.filter(incident=incident, runbook=runbook)
    return rows.select_related("version", "runbook").first()


def _start(incident: Incident, runbook: Runbook, *, actor: Actor, now: dt.datetime) -> RunbookRun:
    if not runbook.active:
        raise Conflict("This runbook is no longer in use.", code="retired")
    version = newest(runbook.pk)
    if version is None:
        raise Conflict("This runbook has no text yet.", code="no_version")
    run = RunbookRun.objects.create(
        incident=incident,
        runbook=runbook,
        version=version,
        started_at=now,
        started_by_id=actor.user_id,
        started_by_label=actor.label[:200],
    )
    data = {"runbook": runbook.pk, "name": runbook.name, "version": version.number, "what": "started"}
    write_entry(incident, actor=actor, kind=EntryKind.RUNBOOK, now=now, data=data)
    save_incident(incident, now)
    announce(incident, now=now)
    return run


def _finish(incident: Incident, run: RunbookRun, *, actor: Actor, now: dt.datetime) -> None:
    """All steps are ticked for the first time: once a run."""
    keys = run.version.step_keys
    if run.finished_at is not None or run.ticks.filter(key__in=keys).count() < len(keys):
        return
    run.finished_at = now
    run.save(update_fields=["finished_at"])
    data = {
        "runbook": run.runbook_id,
        "name": run.runbook.name,
        "version": run.version.number,
        "what": "done",
        "steps": len(keys),
    }
    write_entry(incident, actor=actor, kind=EntryKind.RUNBOOK, now=now, data=data)
    save_incident(incident, now)

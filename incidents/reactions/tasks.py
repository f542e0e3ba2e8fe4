"""What an incident's record does to its tasks: controls tick themselves, conditions are looked at anew,
playbooks start."""

from __future__ import annotations

from django.db import transaction

from core import clock
from core.events import subscribe
from incidents.actions.common import lock_by_number, save_incident
from incidents.actions.playbooks import start_matching_by_number
from incidents.actions.task_states import tick_controls
from incidents.actions.tasks import refresh_shown
from incidents.choices import Control, EntryKind, IncidentStatus, Role, UpdateAudience
from incidents.events import IncidentChanged, TimelineWritten
from incidents.models import IncidentTask, TimelineEntry
from teams.actor import system_actor

_STATES = {
    IncidentStatus.IDENTIFIED: Control.STATUS_IDENTIFIED,
    IncidentStatus.MONITORING: Control.STATUS_MONITORING,
    IncidentStatus.RESOLVED: Control.RESOLVE,
}
_UPDATES = {
    UpdateAudience.INTERNAL: Control.UPDATE_INTERNAL,
    UpdateAudience.EXECUTIVE: Control.UPDATE_EXECUTIVE,
    UpdateAudience.SUPPORT: Control.UPDATE_SUPPORT,
    UpdateAudience.PUBLIC: Control.UPDATE_PUBLIC,
}
# One record of one of these is enough; what a rule wrote of the first two is nobody's doing.
_BY_PEOPLE = {
    EntryKind.EXIT_CRITERION: Control.CRITERION,
    EntryKind.HYPOTHESIS: Control.CAUSE,
    EntryKind.IMPACT: Control.IMPACT,
    EntryKind.DECISION: Control.DECISION,
    EntryKind.EVIDENCE: Control.EVIDENCE,
}
# Roles one comes into by oneself are no assignment.
_NOT_GIVEN = (Role.COMMANDER, Role.OBSERVER, Role.RESPONDER)
_TELLING = {
    EntryKind.SEVERITY,
    EntryKind.ROLE,
    EntryKind.UPDATE_SENT,
    EntryKind.STATE,
    EntryKind.ESCALATED,
    *_BY_PEOPLE,
}
_STARTS = ("declared", "severity", "type", "visibility", "status")


def controls_done(entry: TimelineEntry) -> set[str]:
    """The controls whose thing this entry says was done."""
    data = entry.data
    done: object = None
    if entry.kind == EntryKind.SEVERITY:
        done = Control.SEVERITY if data.get("new") is not None else None
    elif entry.kind == EntryKind.ROLE and data.get("user") is not None and data.get("what") != "backup":
        if data.get("role") == Role.COMMANDER:
            done = Control.COMMAND
        elif data.get("role") not in _NOT_GIVEN:
            done = Control.ROLE
    elif entry.kind == EntryKind.UPDATE_SENT:
        audiences = data.get("audiences") or [data.get("audience")]
        return {_UPDATES[word].value for word in audiences if word in _UPDATES}
    elif entry.kind == EntryKind.STATE:
        done = _STATES.get(data.get("new", ""))
    elif entry.kind == EntryKind.ESCALATED and entry.author_id is not None:
        done = Control.PAGE if "people" in data else None
    elif entry.author_id is not None:
        done = _BY_PEOPLE.get(EntryKind(entry.kind))
    return {done.value} if isinstance(done, Control) else set()


@subscribe(TimelineWritten, name="incidents.controls")
def controls(event: TimelineWritten) -> None:
    """A task's thing was done, wherever it was done: the task is done as well."""
    if event.edited or event.entry_kind not in _TELLING:
        return
    entry = TimelineEntry.objects.select_related("author").get(incident__number=event.number, seq=event.seq)
    done = controls_done(entry)
    if done:
        actor = system_actor(entry.author_label or "Watchbill", via="rule")
        tick_controls(
            number=event.number, controls=done, user_id=entry.author_id, actor=actor, now=clock.now()
        )


@subscribe(IncidentChanged, name="incidents.conditions")
def conditions(event: IncidentChanged) -> None:
    """What hangs on rank, state, type or an answer comes and goes."""
    if event.what == "task":
        return
    waiting = IncidentTask.objects.filter(incident__number=event.number).exclude(shown_when={})
    if not waiting.exists():
        return
    with transaction.atomic():
        incident, now = lock_by_number(event.number), clock.now()
        last = incident.last_seq
        refresh_shown(incident, actor=system_actor(via="rule"), now=now)
        if incident.last_seq != last:
            save_incident(incident, now)


@subscribe(IncidentChanged, name="incidents.playbooks")
def playbooks(event: IncidentChanged) -> None:
    """Playbooks that start by themselves on such an incident do."""
    if event.what in _STARTS:
        start_matching_by_number(event.number, clock.now(), system_actor("Playbooks", via="rule"))

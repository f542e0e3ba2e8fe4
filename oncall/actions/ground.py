"""What changing any part of a schedule begins and ends with: the locked row, then the audit trail and the news."""

from __future__ import annotations

from typing import Any

from core.errors import NotAllowed, NotVisible, field_error
from oncall.changes import touch
from oncall.models import Schedule
from oncall.permissions import may_manage
from teams.actions.audit import record
from teams.actor import Actor
from teams.models import Team


def locked_schedule(actor: Actor, schedule_id: int) -> Schedule:
    """The schedule, locked, if the actor may change it; NotVisible or NotAllowed otherwise."""
    rows = Schedule.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    schedule: Schedule | None = rows.filter(pk=schedule_id).first()
    if schedule is None:
        raise NotVisible
    require_manager(actor, schedule.team_id)
    return schedule


def require_manager(actor: Actor, team_id: int) -> None:
    """`InvalidInput` for a team that is not visible, NotAllowed unless the actor manages it."""
    if not Team.objects.visible_to(actor).filter(pk=team_id).exists():
        raise field_error("team", "There is no such team.")
    if not may_manage(actor, team_id):
        raise NotAllowed("Only a manager of the team can change its schedules.")


def audit(actor: Actor, verb: str, schedule: Schedule, **data: Any) -> None:
    """One line of the audit trail about this schedule, whose calendars and open pages get a new revision."""
    record(
        actor=actor,
        verb=verb,
        obj_type="schedule",
        obj_id=schedule.pk,
        label=schedule.name,
        team_id=schedule.team_id,
        data=data,
    )
    touch(schedule, verb)

"""Changing schedules themselves; their rotations and overrides have modules of their own."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import one_line
from oncall.models import Schedule
from oncall.permissions import may_manage
from teams.actions.audit import record
from teams.actor import Actor
from teams.models import Team
from teams.models.user import validate_zone


def create_schedule(*, actor: Actor, team_id: int, name: str, timezone: str) -> Schedule:
    """A new schedule of a team. Managers of the team and admins; audited."""
    _require_manager(actor, team_id)
    with transaction.atomic():
        # Two of one name at once: the second waits here and then sees the first.
        Team.objects.select_for_update(no_key=True).get(pk=team_id)
        schedule = Schedule(team_id=team_id)
        _fill(schedule, name, timezone)
        schedule.save()
        audit(actor, "created", schedule)
    return schedule


def update_schedule(
    *, actor: Actor, schedule_id: int, name: str | None = None, timezone: str | None = None
) -> Schedule:
    """Rename, or move to another zone (its wall times then mean that zone). Audited."""
    with transaction.atomic():
        schedule = locked_schedule(actor, schedule_id)
        before = {"name": schedule.name, "timezone": schedule.timezone}
        _fill(
            schedule,
            schedule.name if name is None else name,
            schedule.timezone if timezone is None else timezone,
        )
        schedule.save(update_fields=["name", "timezone"])
        after = {"name": schedule.name, "timezone": schedule.timezone}
        audit(actor, "changed", schedule, before=before, after=after)
    return schedule


def delete_schedule(*, actor: Actor, schedule_id: int) -> None:
    """Refused while an escalation policy pages it."""
    with transaction.atomic():
        schedule = locked_schedule(actor, schedule_id)
        used = schedule.targets.select_related("step__policy").first()
        if used:
            raise Conflict(f"The policy “{used.step.policy.name}” pages this schedule.", code="in_use")
        audit(actor, "deleted", schedule)
        schedule.delete()


def locked_schedule(actor: Actor, schedule_id: int) -> Schedule:
    """The schedule, locked, if the actor may change it; NotVisible or NotAllowed otherwise."""
    rows = Schedule.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    schedule: Schedule | None = rows.filter(pk=schedule_id).first()
    if schedule is None:
        raise NotVisible
    _require_manager(actor, schedule.team_id)
    return schedule


def _require_manager(actor: Actor, team_id: int) -> None:
    if not Team.objects.visible_to(actor).filter(pk=team_id).exists():
        raise field_error("team", "There is no such team.")
    if not may_manage(actor, team_id):
        raise NotAllowed("Only a manager of the team can change its schedules.")


def _fill(schedule: Schedule, name: str, timezone: str) -> None:
    name = one_line(name, 120)
    if not name:
        raise field_error("name", "A schedule needs a name.")
    try:
        validate_zone(timezone)
    except ValidationError as error:
        raise field_error("timezone", "Not a time zone name such as Europe/Berlin.") from error
    same = Schedule.objects.filter(team_id=schedule.team_id, name=name).exclude(pk=schedule.pk)
    if same.exists():
        raise field_error("name", "The team has a schedule of this name.")
    schedule.name, schedule.timezone = name, timezone


def audit(actor: Actor, verb: str, schedule: Schedule, **data: Any) -> None:
    """One line of the audit trail about this schedule."""
    record(
        actor=actor,
        verb=verb,
        obj_type="schedule",
        obj_id=schedule.pk,
        label=schedule.name,
        team_id=schedule.team_id,
        data=data,
    )

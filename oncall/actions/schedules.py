"""Changing schedules themselves; their rotations and overrides have modules of their own."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from core import clock
from core.errors import Conflict, field_error
from core.text import one_line
from oncall import rota
from oncall.actions.ground import audit, locked_schedule, require_manager
from oncall.actions.rotations import restrictions_of, take_region
from oncall.errors import refusal
from oncall.holidays import check_region
from oncall.models import Schedule
from teams.actor import Actor
from teams.models import Team
from teams.models.user import validate_zone

__all__ = ["audit", "create_schedule", "delete_schedule", "locked_schedule", "update_schedule"]


def create_schedule(
    *,
    actor: Actor,
    team_id: int,
    name: str,
    timezone: str,
    holiday_region: str = "",
    unstaffed_hours: list[dict[str, Any]] | None = None,
) -> Schedule:
    """A new schedule of a team. Managers of the team and admins; audited."""
    require_manager(actor, team_id)
    with transaction.atomic():
        # Two of one name at once: the second waits here and then sees the first.
        Team.objects.select_for_update(no_key=True).get(pk=team_id)
        schedule = Schedule(team_id=team_id)
        _fill(schedule, name, timezone, holiday_region, unstaffed_hours or [])
        schedule.save()
        audit(actor, "created", schedule)
    return schedule


def update_schedule(
    *,
    actor: Actor,
    schedule_id: int,
    name: str | None = None,
    timezone: str | None = None,
    holiday_region: str | None = None,
    unstaffed_hours: list[dict[str, Any]] | None = None,
    now: dt.datetime | None = None,
) -> Schedule:
    """Rename, move to another zone (its wall times then mean that zone), or plan hours without anybody.

    Another holiday region counts from now on: who served on past holidays stays. Audited.
    """
    with transaction.atomic():
        schedule = locked_schedule(actor, schedule_id)
        before = _facts(schedule)
        _fill(
            schedule,
            schedule.name if name is None else name,
            schedule.timezone if timezone is None else timezone,
            schedule.holiday_region if holiday_region is None else holiday_region,
            schedule.unstaffed_hours if unstaffed_hours is None else unstaffed_hours,
        )
        schedule.save(update_fields=list(before))
        if schedule.holiday_region != before["holiday_region"]:
            take_region(schedule, now or clock.now())
        audit(actor, "changed", schedule, before=before, after=_facts(schedule))
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


def _facts(schedule: Schedule) -> dict[str, Any]:
    names = ("name", "timezone", "holiday_region", "unstaffed_hours")
    return {name: getattr(schedule, name) for name in names}


def _fill(schedule: Schedule, name: str, timezone: str, region: str, unstaffed: list[dict[str, Any]]) -> None:
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
    errors: dict[str, str] = {}
    windows = restrictions_of(unstaffed, "unstaffed_hours", errors)
    if errors := errors or rota.validate_unstaffed(windows):
        raise refusal(errors)
    try:
        schedule.holiday_region = check_region(region) if region.strip() else ""
    except rota.InvalidRota as error:
        raise refusal(error.errors) from None
    schedule.name, schedule.timezone, schedule.unstaffed_hours = name, timezone, list(unstaffed)

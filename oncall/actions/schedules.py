"""Changing schedules. Editing or deleting a rotation or override never rewrites what was."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from core import clock
from core.errors import Conflict, InvalidInput, NotAllowed, NotVisible, field_error
from oncall import rota
from oncall.choices import OverrideKind
from oncall.loading import to_override, to_restriction, wall
from oncall.models import Override, Rotation, Schedule
from teams.actions.audit import record
from teams.actor import Actor
from teams.models import Team, User
from teams.models.user import validate_zone

MAX_ROTATIONS = 50


def create_schedule(*, actor: Actor, team_id: int, name: str, timezone: str) -> Schedule:
    """A new schedule of a team. Managers of the team and admins; audited."""
    _may_manage(actor, team_id)
    with transaction.atomic():
        schedule = Schedule(team_id=team_id)
        _fill(schedule, name, timezone)
        schedule.save()
        _audit(actor, "created", schedule)
    return schedule


def update_schedule(*, actor: Actor, schedule_id: int, name: str, timezone: str) -> Schedule:
    """Rename, or move to another zone (its wall times then mean that zone). Audited."""
    with transaction.atomic():
        schedule = locked_schedule(actor, schedule_id)
        before = {"name": schedule.name, "timezone": schedule.timezone}
        _fill(schedule, name, timezone)
        schedule.save(update_fields=["name", "timezone"])
        _audit(actor, "changed", schedule, before=before, after={"name": name, "timezone": timezone})
    return schedule


def delete_schedule(*, actor: Actor, schedule_id: int) -> None:
    """Refused while an escalation policy pages it."""
    with transaction.atomic():
        schedule = locked_schedule(actor, schedule_id)
        used = schedule.targets.select_related("step__policy").first()
        if used:
            raise Conflict(f"The policy “{used.step.policy.name}” pages this schedule.", code="in_use")
        _audit(actor, "deleted", schedule)
        schedule.delete()


def add_rotation(*, actor: Actor, schedule_id: int, values: dict[str, Any]) -> Rotation:
    """Add a rotation. It may begin in the past and counts from there.

    `values`: name, starts_at, serves_from, ends_at (wall times as text), unit, count, members,
    by_day, week_start, restrictions, layer. `InvalidInput` names each wrong field.
    """
    with transaction.atomic():
        schedule = locked_schedule(actor, schedule_id)
        if schedule.rotations.filter(retired_at__isnull=True).count() >= MAX_ROTATIONS:
            raise field_error("name", f"A schedule has at most {MAX_ROTATIONS} rotations.")
        rotation = Rotation(schedule=schedule, **_checked(values))
        rotation.save()
        _audit(actor, "rotation added", schedule, rotation=rotation.pk, name=rotation.name)
    return rotation


def update_rotation(
    *, actor: Actor, rotation_id: int, values: dict[str, Any], now: dt.datetime | None = None
) -> Rotation:
    """Change a rotation from now on: what it served until now stays as a retired row."""
    now = now or clock.now()
    with transaction.atomic():
        old = _locked_rotation(actor, rotation_id)
        merged = {**_stored(old), **values}
        checked = _checked(merged)
        successor = Rotation(schedule=old.schedule, successor_of=old, **checked)
        if _freeze(old, now):
            begins = wall(successor.serves_from) or wall(successor.starts_at)
            here = _wall_now(old.schedule, now)
            if begins is not None and begins < here:
                successor.serves_from = here.isoformat(timespec="seconds")
        successor.save()
        _audit(actor, "rotation changed", old.schedule, rotation=successor.pk, name=successor.name)
    return successor


def delete_rotation(*, actor: Actor, rotation_id: int, now: dt.datetime | None = None) -> None:
    """Take a rotation away from now on; its past stays."""
    now = now or clock.now()
    with transaction.atomic():
        rotation = _locked_rotation(actor, rotation_id)
        schedule = rotation.schedule
        _audit(actor, "rotation removed", schedule, rotation=rotation.pk, name=rotation.name)
        _freeze(rotation, now)


def add_override(
    *,
    actor: Actor,
    schedule_id: int,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    kind: str = OverrideKind.TAKE_OVER,
    user_id: int | None = None,
    replaces_id: int | None = None,
) -> Override:
    """Change who serves between two instants. Any responder of the team may; audited."""
    with transaction.atomic():
        schedule = _respondable(actor, schedule_id)
        override = Override(
            schedule=schedule,
            kind=kind,
            user_id=user_id,
            replaces_id=replaces_id,
            starts_at=starts_at,
            ends_at=ends_at,
            created_by_id=actor.user_id,
        )
        override.pk = 0
        _refuse(rota.validate_override(to_override(override)))
        override.pk = None
        _active_people("user", [pk for pk in (user_id, replaces_id) if pk is not None])
        override.save()
        _audit(actor, "override added", schedule, override=override.pk, user=user_id)
    return override


def delete_override(*, actor: Actor, override_id: int, now: dt.datetime | None = None) -> None:
    """End an override now; one that has not begun disappears, one that is over is refused."""
    now = now or clock.now()
    with transaction.atomic():
        rows = Override.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
        override = rows.select_related("schedule").filter(pk=override_id).first()
        if override is None:
            raise NotVisible
        _respondable(actor, override.schedule_id)
        if override.ends_at <= now:
            raise Conflict("This override is over and stays in the record.", code="in_the_past")
        if override.starts_at >= now:
            override.delete()
        else:
            override.ends_at = now
            override.save(update_fields=["ends_at"])
        _audit(actor, "override removed", override.schedule, override=override_id)


def locked_schedule(actor: Actor, schedule_id: int) -> Schedule:
    """The schedule, locked, if the actor may change it; NotVisible or NotAllowed otherwise."""
    rows = Schedule.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    schedule: Schedule | None = rows.filter(pk=schedule_id).first()
    if schedule is None:
        raise NotVisible
    _may_manage(actor, schedule.team_id)
    return schedule


def _respondable(actor: Actor, schedule_id: int) -> Schedule:
    rows = Schedule.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    schedule: Schedule | None = rows.filter(pk=schedule_id).first()
    if schedule is None:
        raise NotVisible
    role = actor.roles.get(schedule.team_id)
    if actor.manages(schedule.team_id) or (role == "responder" and "respond" in actor.scopes):
        return schedule
    raise NotAllowed("Only members of the team can change who covers.")


def _locked_rotation(actor: Actor, rotation_id: int) -> Rotation:
    rows = Rotation.objects.visible_to(actor).filter(retired_at__isnull=True)
    rotation: Rotation | None = rows.select_related("schedule").filter(pk=rotation_id).first()
    if rotation is None:
        raise NotVisible
    locked_schedule(actor, rotation.schedule_id)
    return rotation


def _may_manage(actor: Actor, team_id: int) -> None:
    if not Team.objects.visible_to(actor).filter(pk=team_id).exists():
        raise field_error("team", "There is no such team.")
    if not actor.manages(team_id):
        raise NotAllowed("Only a manager of the team can change its schedules.")


def _fill(schedule: Schedule, name: str, timezone: str) -> None:
    name = name.strip()[:120]
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


def _stored(row: Rotation) -> dict[str, Any]:
    names = (
        "name starts_at serves_from ends_at unit count members by_day week_start restrictions layer".split()
    )
    return {name: getattr(row, name) for name in names}


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """Values ready for the row, or `InvalidInput` with every wrong field."""
    name = str(values.get("name", "")).strip()[:120]
    if not name:
        raise field_error("name", "A rotation needs a name.")
    errors: dict[str, str] = {}
    walls = {key: _wall_text(values.get(key) or "", key, errors) for key in ("starts_at", "serves_from", "ends_at")}
    if "starts_at" not in errors and walls["starts_at"] is None:
        errors["starts_at"] = "is missing"
    restrictions: list[rota.Restriction] = []
    for item in values.get("restrictions") or []:
        try:
            restrictions.append(to_restriction(item))
        except (KeyError, ValueError, TypeError, AttributeError):
            errors["restrictions"] = 'needs items such as {"from": "09:00", "to": "17:00"}'
    _refuse(errors)
    starts = walls["starts_at"]
    assert starts is not None
    members = values.get("members") or []
    rotation = rota.Rotation(
        id=0,
        starts_at=starts,
        unit=values.get("unit", "week"),
        count=values.get("count", 1),
        members=tuple(tuple(turn) for turn in members),
        serves_from=walls["serves_from"],
        ends_at=walls["ends_at"],
        by_day=tuple(values.get("by_day") or ()),
        week_start=values.get("week_start") or "mo",
        restrictions=tuple(restrictions),
        layer=values.get("layer") or 0,
    )
    if not members:
        errors["members"] = "at least one turn"
    errors |= rota.validate(rotation)
    _refuse(errors)
    _active_people("members", sorted({user for turn in rotation.members for user in turn}))
    return {
        "name": name,
        **{key: value.isoformat(timespec="seconds") if value else "" for key, value in walls.items()},
        "unit": rotation.unit,
        "count": rotation.count,
        "members": [list(turn) for turn in rotation.members],
        "by_day": list(rotation.by_day),
        "week_start": rotation.week_start,
        "restrictions": list(values.get("restrictions") or []),
        "layer": rotation.layer,
    }


def _wall_text(text: str, field: str, errors: dict[str, str]) -> dt.datetime | None:
    try:
        value = wall(str(text))
    except ValueError:
        value = None
        errors[field] = 'must be a local wall time such as "2026-11-01T09:00"'
    if value is not None and value.tzinfo is not None:
        errors[field] = "must be a wall time without offset, in the schedule's zone"
        return None
    return value


def _refuse(errors: dict[str, str]) -> None:
    if errors:
        name, reason = next(iter(errors.items()))
        raise InvalidInput(f"{name} {reason}.", fields={key: [f"{why}."] for key, why in errors.items()})


def _active_people(field: str, ids: list[int]) -> None:
    if User.objects.filter(pk__in=ids, is_active=True).count() != len(set(ids)):
        raise field_error(field, "At least one of them is not an active person.")


def _freeze(rotation: Rotation, now: dt.datetime) -> bool:
    """End the row where it stands. False when it had not begun: then it simply goes."""
    here = _wall_now(rotation.schedule, now)
    begins = wall(rotation.serves_from) or wall(rotation.starts_at)
    if begins is not None and begins >= here:
        rotation.delete()
        return False
    ends = wall(rotation.ends_at)
    if ends is None or ends > here:
        rotation.ends_at = here.isoformat(timespec="seconds")
    rotation.retired_at = now
    rotation.save(update_fields=["ends_at", "retired_at"])
    return True


def _wall_now(schedule: Schedule, now: dt.datetime) -> dt.datetime:
    return now.astimezone(schedule.zone).replace(tzinfo=None, microsecond=0)


def _audit(actor: Actor, verb: str, schedule: Schedule, **data: Any) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="schedule",
        obj_id=schedule.pk,
        label=schedule.name,
        team_id=schedule.team_id,
        data=data,
    )


"""Changing rotations. Editing or deleting one never rewrites what was before now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q

from core import clock
from core.errors import NotVisible, field_error
from core.text import one_line
from oncall import rota
from oncall.actions.ground import audit, locked_schedule
from oncall.choices import OnHolidays
from oncall.errors import refusal
from oncall.loading import to_restriction, wall
from oncall.models import Rotation, Schedule
from teams.actor import Actor
from teams.models import User

MAX_ROTATIONS = 50
FIELDS = (
    "name",
    "starts_at",
    "serves_from",
    "ends_at",
    "unit",
    "count",
    "members",
    "by_day",
    "week_start",
    "restrictions",
    "layer",
    "on_holidays",
)


def add_rotation(*, actor: Actor, schedule_id: int, values: dict[str, Any]) -> Rotation:
    """Add a rotation. It may begin in the past and counts from there.

    `values`: `FIELDS`, wall times as text. `InvalidInput` names each wrong field.
    """
    with transaction.atomic():
        schedule = locked_schedule(actor, schedule_id)
        if schedule.rotations.filter(retired_at__isnull=True).count() >= MAX_ROTATIONS:
            raise field_error("name", f"A schedule has at most {MAX_ROTATIONS} rotations.")
        rotation = Rotation(schedule=schedule, holiday_region=schedule.holiday_region, **checked(values))
        rotation.save()
        audit(actor, "rotation added", schedule, rotation=rotation.pk, name=rotation.name)
    return rotation


def update_rotation(
    *, actor: Actor, rotation_id: int, values: dict[str, Any], now: dt.datetime | None = None
) -> Rotation:
    """Change a rotation from now on: what it served until now stays as a retired row.

    The returned row may be a new one; `Rotation.public_id` stays the same for ever.
    """
    now = now or clock.now()
    with transaction.atomic():
        old = locked_rotation(actor, rotation_id)
        schedule = old.schedule
        new = checked({**stored(old), **values}, known=people_of(old))
        row = _continued(old, schedule, new, now)
        audit(actor, "rotation changed", schedule, rotation=row.public_id, name=row.name)
    return row


def take_region(schedule: Schedule, now: dt.datetime) -> None:
    """The living rotations go by the schedule's holiday region from now on. Inside the caller's lock."""
    for row in schedule.rotations.living():
        if row.on_holidays == OnHolidays.SERVE:
            row.holiday_region = schedule.holiday_region
            row.save(update_fields=["holiday_region"])
        else:
            _continued(row, schedule, stored(row), now)


def _continued(old: Rotation, schedule: Schedule, new: dict[str, Any], now: dt.datetime) -> Rotation:
    """The rotation with other values from now on: the row itself before it has begun, else a further one."""
    here = wall_now(schedule, now)
    new = {**new, "holiday_region": schedule.holiday_region}
    if _begins(old) >= here:
        for name, value in new.items():
            setattr(old, name, value)
        old.save(update_fields=list(new))
        return old
    row = Rotation(schedule=schedule, successor_of_id=old.public_id, **new)
    if _begins(row) < here:
        row.serves_from = here.isoformat(timespec="seconds")
    _retire(old, here, now)
    row.save()
    return row


def delete_rotation(*, actor: Actor, rotation_id: int, now: dt.datetime | None = None) -> None:
    """Take a rotation away from now on; its past stays."""
    now = now or clock.now()
    with transaction.atomic():
        rotation = locked_rotation(actor, rotation_id)
        schedule = rotation.schedule
        audit(actor, "rotation removed", schedule, rotation=rotation.public_id, name=rotation.name)
        here = wall_now(schedule, now)
        if _begins(rotation) >= here and rotation.successor_of_id is None:
            rotation.delete()
        else:
            _retire(rotation, here, now)


def locked_rotation(actor: Actor, rotation_id: int) -> Rotation:
    """The living row of a rotation by its public id, its schedule locked; NotVisible or NotAllowed."""
    rows = Rotation.objects.visible_to(actor).living()
    found = rows.filter(Q(pk=rotation_id, successor_of__isnull=True) | Q(successor_of_id=rotation_id))
    schedule_id = found.values_list("schedule_id", flat=True).first()
    if schedule_id is None:
        raise NotVisible
    locked_schedule(actor, schedule_id)
    # Read again behind the lock: an edit that came first has made another row of it.
    rotation: Rotation | None = found.select_related("schedule").first()
    if rotation is None:
        raise NotVisible
    return rotation


def stored(row: Rotation) -> dict[str, Any]:
    """The row's values as `add_rotation` takes them."""
    return {name: getattr(row, name) for name in FIELDS}


def people_of(row: Rotation) -> set[int]:
    """Ids of everybody in its turns."""
    return {user for turn in row.members for user in turn or ()}


def wall_now(schedule: Schedule, now: dt.datetime) -> dt.datetime:
    """What a clock in the schedule's zone shows, to the second."""
    return now.astimezone(schedule.zone).replace(tzinfo=None, microsecond=0)


def checked(values: dict[str, Any], *, known: Iterable[int] = ()) -> dict[str, Any]:
    """Values ready for the row, or `InvalidInput` with every wrong field.

    Everybody in `members` must be active, but for those in `known`, who were there before.
    """
    name = one_line(str(values.get("name") or ""), 120)
    errors: dict[str, str] = {} if name else {"name": "is missing"}
    walls = {key: _wall_text(values.get(key), key, errors) for key in ("starts_at", "serves_from", "ends_at")}
    if "starts_at" not in errors and walls["starts_at"] is None:
        errors["starts_at"] = "is missing"
    restrictions = restrictions_of(values.get("restrictions") or [], "restrictions", errors)
    if not (values.get("members") or []):
        errors["members"] = "must hold at least one turn"
    if errors:
        raise refusal(errors)
    starts = walls["starts_at"]
    assert starts is not None
    rotation = rota.Rotation(
        id=0,
        starts_at=starts,
        unit=values.get("unit") or "week",
        count=values.get("count", 1),
        members=tuple(None if turn is None else tuple(turn) for turn in values["members"]),
        serves_from=walls["serves_from"],
        ends_at=walls["ends_at"],
        by_day=tuple(values.get("by_day") or ()),
        week_start=values.get("week_start") or "mo",
        restrictions=restrictions,
        layer=values.get("layer") or 0,
        on_holidays=values.get("on_holidays") or "serve",
    )
    errors = rota.validate(rotation)
    if rotation.layer < 0:
        errors["layer"] = "must be 0 or more"
    if errors:
        raise refusal(errors)
    people = {user for turn in rotation.members for user in turn or ()}
    require_active("members", people - set(known))
    return {
        "name": name,
        **{key: value.isoformat(timespec="seconds") if value else "" for key, value in walls.items()},
        "unit": rotation.unit,
        "count": rotation.count,
        "members": [None if turn is None else list(turn) for turn in rotation.members],
        "by_day": list(rotation.by_day),
        "week_start": rotation.week_start,
        "restrictions": list(values.get("restrictions") or []),
        "layer": rotation.layer,
        "on_holidays": rotation.on_holidays,
    }


def require_active(field: str, ids: set[int]) -> None:
    """`InvalidInput` about `field` unless all of them are active people."""
    if not ids:
        return
    active = set(User.objects.active().filter(pk__in=ids).values_list("pk", flat=True))
    missing = sorted(ids - active)
    if missing:
        raise field_error(field, f"There is no active person with the id {missing[0]}.")


def restrictions_of(items: Any, field: str, errors: dict[str, str]) -> tuple[rota.Restriction, ...]:
    """Daily windows as plain values; what cannot be read is a reason in `errors` under `field`."""
    found = []
    try:
        for item in items:
            if not isinstance(item.get("days") or [], list):
                raise TypeError
            found.append(to_restriction(item))
    except (KeyError, ValueError, TypeError, AttributeError):
        errors[field] = 'needs items such as {"from": "09:00", "to": "17:00", "days": ["mo"]}'
    return tuple(found)


def _wall_text(text: Any, field: str, errors: dict[str, str]) -> dt.datetime | None:
    try:
        value = wall(str(text or ""))
    except ValueError:
        errors[field] = 'must be a local wall time such as "2026-11-01T09:00"'
        return None
    if value is not None and value.tzinfo is not None:
        errors[field] = "must be a wall time without offset, in the schedule's zone"
        return None
    return value.replace(microsecond=0) if value else None


def _begins(row: Rotation) -> dt.datetime:
    begins = wall(row.serves_from) or wall(row.starts_at)
    assert begins is not None
    return begins


def _retire(row: Rotation, here: dt.datetime, now: dt.datetime) -> None:
    """End the row where it stands; one that has not begun serves nothing any more."""
    ends = wall(row.ends_at)
    if ends is None or ends > here:
        row.ends_at = max(here, _begins(row)).isoformat(timespec="seconds")
    row.retired_at = now
    row.save(update_fields=["ends_at", "retired_at"])

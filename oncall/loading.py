"""Turning rows of schedules into the plain values that `oncall.rota` computes with."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.models import Q

from oncall import rota
from oncall.models import Override, Rotation, Schedule


@dataclass(frozen=True)
class LoadedSchedule:
    """A schedule ready to be asked: `zone`, rotations and the overrides that may matter."""

    zone: ZoneInfo
    rotations: tuple[rota.Rotation, ...]
    overrides: tuple[rota.Override, ...]


def wall(text: str) -> dt.datetime | None:
    """A stored wall time (`2026-11-01T09:00`) as a naive datetime; None for an empty text."""
    return dt.datetime.fromisoformat(text) if text else None


def to_rotation(row: Rotation) -> rota.Rotation:
    """The plain rotation of a row, under its public id; ValueError when a stored wall time cannot be read."""
    starts = wall(row.starts_at)
    if starts is None:
        raise rota.InvalidRota({"starts_at": "is missing"})
    return rota.Rotation(
        id=row.successor_of_id or row.pk or 0,
        starts_at=starts,
        unit=row.unit,  # type: ignore[arg-type]
        count=row.count,
        members=tuple(tuple(turn) for turn in row.members),
        name=row.name,
        serves_from=wall(row.serves_from),
        ends_at=wall(row.ends_at),
        by_day=tuple(row.by_day),
        week_start=row.week_start,
        restrictions=tuple(to_restriction(item) for item in row.restrictions),
        layer=row.layer,
    )


def to_restriction(item: dict[str, object]) -> rota.Restriction:
    """`{from, to, days?}` as a plain restriction."""
    days = item.get("days") or ()
    return rota.Restriction(
        starts=dt.time.fromisoformat(str(item["from"])),
        ends=dt.time.fromisoformat(str(item["to"])),
        days=tuple(days),  # type: ignore[arg-type]
    )


def to_override(row: Override) -> rota.Override:
    return rota.Override(
        kind=row.kind,  # type: ignore[arg-type]
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        user=row.user_id,
        replaces=row.replaces_id,
        created=row.pk,
    )


def load(schedules: Iterable[Schedule], *, start: dt.datetime, end: dt.datetime) -> dict[int, LoadedSchedule]:
    """Rotations and overrides touching [start, end) of many schedules, in two statements."""
    rows = {schedule.pk: schedule for schedule in schedules}
    rotations: dict[int, list[rota.Rotation]] = defaultdict(list)
    for rotation in Rotation.objects.filter(schedule_id__in=rows).order_by("pk"):
        rotations[rotation.schedule_id].append(to_rotation(rotation))
    overrides: dict[int, list[rota.Override]] = defaultdict(list)
    touching = Q(schedule_id__in=rows, starts_at__lt=end, ends_at__gt=start)
    for override in Override.objects.filter(touching).order_by("pk"):
        overrides[override.schedule_id].append(to_override(override))
    return {
        pk: LoadedSchedule(schedule.zone, tuple(rotations[pk]), tuple(overrides[pk]))
        for pk, schedule in rows.items()
    }


def users_at(schedules: Sequence[Schedule], at: dt.datetime) -> dict[int, list[int]]:
    """Schedule id → ids of who is on call at the instant."""
    loaded = load(schedules, start=at, end=at + dt.timedelta(microseconds=1))
    return {
        pk: list(rota.users_on_call(item.rotations, item.overrides, item.zone, at))
        for pk, item in loaded.items()
    }

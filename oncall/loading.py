"""Turning rows of schedules into the plain values that `oncall.rota` computes with."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.db.models.expressions import RawSQL

from core.clock import UTC
from core.queries import one_of
from oncall import rota
from oncall.holidays import region
from oncall.models import ImportedShift, Override, Rotation, Schedule

_WIDEST = dt.timedelta(days=2)
# Read as tuples: of a thousand schedules at once, models would cost more than the rules.
_ROTATION = (
    "schedule_id",
    "pk",
    "successor_of_id",
    "name",
    "layer",
    "starts_at",
    "serves_from",
    "ends_at",
    "unit",
    "count",
    "members",
    "by_day",
    "week_start",
    "restrictions",
    "on_holidays",
    "holiday_region",
)
_OVERRIDE = ("schedule_id", "pk", "kind", "user_id", "replaces_id", "starts_at", "ends_at")


@dataclass(frozen=True)
class LoadedSchedule:
    """A schedule ready to be asked: `zone`, rotations, layers of calendars and overrides that may matter."""

    zone: ZoneInfo
    rotations: tuple[rota.Layer, ...]
    overrides: tuple[rota.Override, ...]
    unstaffed: tuple[rota.Restriction, ...] = ()

    def shifts(self, start: dt.datetime, end: dt.datetime) -> list[rota.Shift]:
        """The final shifts in [start, end)."""
        return rota.final_shifts(self.rotations, self.overrides, self.zone, start, end)

    def empty(self, start: dt.datetime, end: dt.datetime) -> rota.EmptyTimes:
        """The gaps in [start, end), and the time that is empty as planned."""
        return rota.empty_times(self.rotations, self.overrides, self.zone, start, end, self.unstaffed)


def wall(text: str) -> dt.datetime | None:
    """A stored wall time (`2026-11-01T09:00`) as a naive datetime; None for an empty text."""
    return dt.datetime.fromisoformat(text) if text else None


def _rotation(row: Any) -> rota.Rotation:
    """The plain rotation of a row, under its public id; ValueError when a stored wall time cannot be read."""
    starts = wall(row.starts_at)
    if starts is None:
        raise rota.InvalidRota({"starts_at": "is missing"})
    return rota.Rotation(
        id=row.successor_of_id or row.pk or 0,
        starts_at=starts,
        unit=row.unit,
        count=row.count,
        members=tuple(None if turn is None else tuple(turn) for turn in row.members),
        name=row.name,
        serves_from=wall(row.serves_from),
        ends_at=wall(row.ends_at),
        by_day=tuple(row.by_day),
        week_start=row.week_start,
        restrictions=tuple(to_restriction(item) for item in row.restrictions),
        layer=row.layer,
        on_holidays=row.on_holidays,
        holidays=region(row.holiday_region),
    )


def to_restriction(item: dict[str, object]) -> rota.Restriction:
    """`{from, to, days?}` as a plain restriction."""
    days = item.get("days") or ()
    return rota.Restriction(
        starts=dt.time.fromisoformat(str(item["from"])),
        ends=dt.time.fromisoformat(str(item["to"])),
        days=tuple(days),  # type: ignore[arg-type]
    )


def _override(row: Any) -> rota.Override:
    return rota.Override(
        kind=row.kind,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        user=row.user_id,
        replaces=row.replaces_id,
        created=row.pk,
    )


def load(schedules: Iterable[Schedule], *, start: dt.datetime, end: dt.datetime) -> dict[int, LoadedSchedule]:
    """What touches [start, end) of many schedules, in three statements; none for none."""
    rows = {schedule.pk: schedule for schedule in schedules}
    if not rows:
        return {}
    ids = one_of(rows)
    layers: dict[int, list[rota.Layer]] = defaultdict(list)
    # Wall times of one shape sort as text; whatever the zone, they are within a day of UTC.
    over = (start.astimezone(UTC) - _WIDEST).strftime("%Y-%m-%dT%H:%M")
    lasting = Q(ends_at="") | Q(ends_at__gte=over)
    rotations = Rotation.objects.filter(lasting, schedule_id__in=ids).order_by("pk")
    for rotation in rotations.values_list(*_ROTATION, named=True):
        layers[rotation.schedule_id].append(_rotation(rotation))
    for schedule_id, layer in _imported(ids, start, end):
        layers[schedule_id].append(layer)
    overrides: dict[int, list[rota.Override]] = defaultdict(list)
    touching = Q(schedule_id__in=ids, starts_at__lt=end, ends_at__gt=start)
    for override in Override.objects.filter(touching).order_by("pk").values_list(*_OVERRIDE, named=True):
        overrides[override.schedule_id].append(_override(override))
    return {
        pk: LoadedSchedule(
            schedule.zone,
            tuple(layers[pk]),
            tuple(overrides[pk]),
            tuple(to_restriction(item) for item in schedule.unstaffed_hours),
        )
        for pk, schedule in rows.items()
    }


def _imported(
    schedule_ids: RawSQL, start: dt.datetime, end: dt.datetime
) -> Iterator[tuple[int, rota.FixedLayer]]:
    """(schedule id, layer) of each external calendar with stretches in [start, end)."""
    touching = Q(calendar__schedule_id__in=schedule_ids, starts_at__lt=end, ends_at__gt=start)
    fields = ("calendar__schedule_id", "calendar_id", "calendar__layer")
    found = ImportedShift.objects.filter(touching).order_by(*fields, "starts_at", "pk")
    rows = found.values_list(*fields, "starts_at", "ends_at", "user_id")
    for (schedule_id, _calendar, layer), group in groupby(rows, key=itemgetter(0, 1, 2)):
        stretches = tuple(rota.Stretch(*row[3:]) for row in group)
        yield schedule_id, rota.FixedLayer(stretches, layer=layer)


def users_at(schedules: Sequence[Schedule], at: dt.datetime) -> dict[int, list[int]]:
    """Schedule id → ids of who is on call at the instant."""
    loaded = load(schedules, start=at, end=at + dt.timedelta(microseconds=1))
    return {
        pk: list(rota.users_on_call(item.rotations, item.overrides, item.zone, at))
        for pk, item in loaded.items()
    }

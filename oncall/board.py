"""The picture of a schedule: rows of blocks whose places are percentages of the window."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from core import display
from oncall import rota
from oncall.loading import LoadedSchedule, load
from oncall.models import Override, Schedule
from teams.models import User

ZOOMS = {"day": 1, "week": 7, "fortnight": 14, "month": 30, "quarter": 91}
DEFAULT_ZOOM = "fortnight"


@dataclass
class Block:
    """A stretch of a row: `left` and `width` in percent. No users: a gap."""

    start: dt.datetime
    end: dt.datetime
    users: list[User]
    left: str
    width: str
    override: bool = False
    text: str = ""

    @property
    def names(self) -> str:
        return ", ".join(user.name for user in self.users)


@dataclass
class Row:
    label: str
    blocks: list[Block]
    final: bool = False


@dataclass
class Day:
    """A mark on the time axis: a midnight in the schedule's zone."""

    date: dt.date
    left: str
    label: str
    weekend: bool
    width: str


@dataclass
class Board:
    """What the page of a schedule draws and lists."""

    start: dt.datetime
    end: dt.datetime
    rows: list[Row]
    days: list[Day]
    now_left: str
    shifts: list[Block] = field(default_factory=list)


def build(schedule: Schedule, start: dt.datetime, end: dt.datetime, now: dt.datetime) -> Board:
    """The schedule in [start, end): the final row, overrides, layers from the top. Three statements."""
    item = load([schedule], start=start, end=end)[schedule.pk]
    overrides = list(
        Override.objects.filter(schedule=schedule, starts_at__lt=end, ends_at__gt=start).select_related(
            "user", "replaces"
        )
    )
    final = rota.final_shifts(item.rotations, item.overrides, item.zone, start, end)
    layers = _layers(item, start, end)
    everybody = {
        user for shift in (*final, *(s for row in layers.values() for s in row)) for user in shift.users
    }
    people = {user.pk: user for user in User.objects.filter(pk__in=everybody)}
    place = _Place(start, end)
    shifts = [_shift(shift, people, place) for shift in final]
    gaps = rota.gaps(item.rotations, item.overrides, item.zone, start, end)
    holes = [Block(gap.start, gap.end, [], *place(gap.start, gap.end)) for gap in gaps]
    whole = sorted([*shifts, *holes], key=lambda block: block.start)
    rows = [Row(_("On call"), whole, final=True)]
    if overrides:
        rows.append(Row(_("Overrides"), [_override(row, place) for row in overrides]))
    for layer in sorted(layers, reverse=True):
        label = _("Layer %(number)s") % {"number": layer} if len(layers) > 1 else _("Rotation")
        rows.append(Row(label, [_shift(shift, people, place) for shift in layers[layer]]))
    inside = start <= now < end
    return Board(start, end, rows, _days(schedule, start, end, place), place.at(now) if inside else "", whole)


class _Place:
    """Turns instants into percentages of the window."""

    def __init__(self, start: dt.datetime, end: dt.datetime) -> None:
        self.start, self.end = start, end
        self.length = (end - start).total_seconds()

    def at(self, moment: dt.datetime) -> str:
        share = (moment - self.start).total_seconds() / self.length
        return f"{100 * min(1.0, max(0.0, share)):.3f}%"

    def __call__(self, start: dt.datetime, end: dt.datetime) -> tuple[str, str]:
        start, end = max(start, self.start), min(end, self.end)
        return self.at(start), f"{100 * (end - start).total_seconds() / self.length:.3f}%"


def _layers(item: LoadedSchedule, start: dt.datetime, end: dt.datetime) -> dict[int, list[rota.Shift]]:
    found: dict[int, list[rota.Shift]] = {}
    for layer in {rotation.layer for rotation in item.rotations}:
        inside = [rotation for rotation in item.rotations if rotation.layer == layer]
        shifts = rota.final_shifts(inside, (), item.zone, start, end)
        if shifts or any(rotation.ends_at is None for rotation in inside):
            found[layer] = shifts
    return found


def _shift(shift: rota.Shift, people: dict[int, User], place: _Place) -> Block:
    users = [people[pk] for pk in shift.users if pk in people]
    return Block(
        shift.start, shift.end, users, *place(shift.start, shift.end), override=shift.source == "override"
    )


def _override(row: Override, place: _Place) -> Block:
    users = _known([row.user or row.replaces])
    text = _("off") if row.user is None else ""
    return Block(
        row.starts_at, row.ends_at, users, *place(row.starts_at, row.ends_at), override=True, text=text
    )


def _known(users: Iterable[User | None]) -> list[User]:
    return [user for user in users if user is not None]


def _days(schedule: Schedule, start: dt.datetime, end: dt.datetime, place: _Place) -> list[Day]:
    local = start.astimezone(schedule.zone).date()
    last = end.astimezone(schedule.zone).date()
    length = (last - local).days
    every = 1 if length <= 16 else 7
    found = []
    for number in range(length + 1):
        date = local + dt.timedelta(days=number)
        moment = _midnight(schedule, date)
        if not start <= moment < end:
            continue
        following = min(end, _midnight(schedule, date + dt.timedelta(days=1)))
        named = every == 1 or date.weekday() == display.first_weekday()
        label = f"{date:%a} {date.day}" if every == 1 else f"{date.day} {date:%b}"
        left, width = place(moment, following)
        found.append(Day(date, left, label if named else "", date.weekday() >= 5, width))
    return found


def _midnight(schedule: Schedule, date: dt.date) -> dt.datetime:
    return dt.datetime.combine(date, dt.time(), schedule.zone).astimezone(dt.UTC)


def window(
    schedule: Schedule, zoom: str, day: str, now: dt.datetime
) -> tuple[dt.datetime, dt.datetime, dt.date]:
    """(start, end, first day): whole days of the schedule's zone, from `day` (ISO) or today."""
    today = now.astimezone(schedule.zone).date()
    try:
        first = dt.date.fromisoformat(day) if day else today
    except ValueError:
        first = today
    if not 1971 <= first.year <= 2199:
        first = today
    length = ZOOMS.get(zoom, ZOOMS[DEFAULT_ZOOM])
    return (
        _midnight(schedule, first),
        _midnight(schedule, first + dt.timedelta(days=length)),
        first,
    )


def upcoming(blocks: Sequence[Block], now: dt.datetime) -> list[Block]:
    """Stretches that are not over."""
    return [block for block in blocks if block.end > now]

"""Shifts, gaps and overlaps ahead, over many schedules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from oncall import rota
from oncall.loading import load
from oncall.models import Schedule
from oncall.selectors.naming import schedules_serving
from oncall.shift_times import MARGIN, joined
from teams.actor import Actor
from teams.models import User

AHEAD = dt.timedelta(days=14)
MINE_AHEAD = dt.timedelta(days=60)
# A schedule that serves nobody at all is empty rather than full of holes.
_SHOWN_GAPS = 3


@dataclass(frozen=True)
class Gaps:
    """When nobody serves in the days ahead. `empty`: nobody serves in any of them."""

    count: int
    first: list[rota.Gap]
    total: dt.timedelta
    empty: bool


def gaps_ahead(
    schedules: Iterable[Schedule], at: dt.datetime, length: dt.timedelta = AHEAD
) -> dict[int, Gaps]:
    """Schedule id → its gaps from `at` on; schedules without any are absent. Three statements.

    Hours that are empty as planned are no gaps.
    """
    found: dict[int, Gaps] = {}
    for pk, item in load(schedules, start=at, end=at + length).items():
        rows = item.empty(at, at + length).gaps
        total = sum((gap.end - gap.start for gap in rows), dt.timedelta())
        if rows:
            found[pk] = Gaps(len(rows), rows[:_SHOWN_GAPS], total, total >= length)
    return found


@dataclass(frozen=True)
class Report:
    """What is odd in a schedule in a window.

    `gaps`: nobody serves though somebody should; `planned`: nobody serves, as planned; `crowds`: more than one
    turn of equal layers; `doubled`: somebody on call here serves in another visible schedule too.
    """

    gaps: list[rota.Gap]
    planned: list[rota.Gap]
    crowds: list[rota.Crowd]
    doubled: list[rota.Doubled]


def schedule_report(actor: Actor, schedule: Schedule, start: dt.datetime, end: dt.datetime) -> Report:
    """Gaps and overlaps of [start, end), at most 400 days. At most eight statements. Errors as `rota.gaps`."""
    item = load([schedule], start=start, end=end)[schedule.pk]
    own = item.shifts(start, end)
    empty = item.empty(start, end)
    crowds = rota.crowds(item.rotations, item.zone, start, end)
    visible = set(Schedule.objects.visible_to(actor).values_list("pk", flat=True))
    serving = schedules_serving({user for shift in own for user in shift.users})
    others = [row for row in serving if row.pk in visible and row.pk != schedule.pk]
    shifts = {schedule.pk: own}
    for pk, other in load(others, start=start, end=end).items():
        shifts[pk] = other.shifts(start, end)
    doubled = [each for each in rota.doubled(shifts) if schedule.pk in each.schedules]
    return Report(empty.gaps, empty.planned, crowds, doubled)


@dataclass(frozen=True)
class MyShift:
    """A stretch one person serves with the same `others`."""

    schedule: Schedule
    start: dt.datetime
    end: dt.datetime
    others: list[User]
    running: bool


def my_shifts(actor: Actor, at: dt.datetime, length: dt.timedelta = MINE_AHEAD) -> list[MyShift]:
    """The actor's shifts from `at` on in visible schedules, the running ones first, each as a whole.

    One that goes on for more than a month before or after the days shown is cut there.
    """
    user_id = actor.user_id or 0
    visible = set(Schedule.objects.visible_to(actor).values_list("pk", flat=True))
    schedules = {row.pk: row for row in schedules_serving([user_id]) if row.pk in visible}
    rows: list[tuple[int, rota.Shift]] = []
    start, end = at - MARGIN, at + length + MARGIN
    for pk, item in load(schedules.values(), start=start, end=end).items():
        mine = joined(shift for shift in item.shifts(start, end) if user_id in shift.users)
        rows += [(pk, shift) for shift in mine if shift.end > at and shift.start < at + length]
    others = {user for _pk, shift in rows for user in shift.users} - {user_id}
    people = {user.pk: user for user in User.objects.filter(pk__in=others)}
    rows.sort(key=lambda row: (row[1].start, row[0]))
    return [
        MyShift(
            schedule=schedules[pk],
            start=shift.start,
            end=shift.end,
            others=[people[user] for user in shift.users if user in people],
            running=shift.start <= at,
        )
        for pk, shift in rows
    ]

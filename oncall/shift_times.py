"""When one person serves: stretches without a break, whoever serves with them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from oncall import rota
from oncall.loading import load
from oncall.models import Schedule

# A shift is followed this far back and ahead from the window asked for, so that its true ends are known.
MARGIN = dt.timedelta(days=35)


@dataclass(frozen=True)
class Served:
    """[start, end) in which `user_id` is on call in a schedule without a break."""

    schedule_id: int
    user_id: int
    start: dt.datetime
    end: dt.datetime


def joined(shifts: Iterable[rota.Shift]) -> list[rota.Shift]:
    """Touching rows of the same people as one, whatever they come from (`source` is the first one's)."""
    found: list[rota.Shift] = []
    for shift in shifts:
        if found and found[-1].end == shift.start and found[-1].users == shift.users:
            found[-1] = found[-1]._replace(end=shift.end)
        else:
            found.append(shift)
    return found


def unbroken(schedule_id: int, shifts: Iterable[rota.Shift]) -> list[Served]:
    """One row per person and stretch, in order of their beginnings."""
    open_rows: dict[int, Served] = {}
    found: list[Served] = []
    for shift in shifts:
        for user in shift.users:
            before = open_rows.get(user)
            start = before.start if before is not None and before.end == shift.start else shift.start
            if before is not None and before.end != shift.start:
                found.append(before)
            open_rows[user] = Served(schedule_id, user, start, shift.end)
    return sorted([*found, *open_rows.values()], key=lambda row: (row.start, row.user_id))


def served(
    schedules: Iterable[Schedule], start: dt.datetime, end: dt.datetime, *, margin: dt.timedelta = MARGIN
) -> list[Served]:
    """Stretches that touch [start, end), with their true ends as far as `margin` beyond it.

    `end - start + 2 * margin` must not exceed 400 days. A fixed number of statements.
    """
    found: list[Served] = []
    for pk, item in load(schedules, start=start - margin, end=end + margin).items():
        rows = unbroken(pk, item.shifts(start - margin, end + margin))
        found += [row for row in rows if row.start < end and row.end > start]
    return found

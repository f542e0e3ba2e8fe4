"""Who carries how much of a schedule, and who could take a shift that leave has met."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count

from oncall.loading import load
from oncall.models import RunPage, Schedule
from oncall.rota.fairness import Burden, burdens
from oncall.selectors.people import leave_of_members
from oncall.shift_times import Served, served
from teams.models import User

SPAN = dt.timedelta(days=28)
_AROUND = dt.timedelta(days=14)


@dataclass(frozen=True)
class Share:
    """What one person carries in a schedule. `pages`: how often they were paged on its rota."""

    user: User
    burden: Burden
    pages: int


def shares(schedule: Schedule, now: dt.datetime) -> list[Share]:
    """Everybody of the rota in the 28 days before and after `now`, who serves most first. Five statements.

    Nights and weekends are those of each person's own zone. Pages are those of the past 28 days that
    reached somebody. Who has left appears as long as they served.
    """
    item = load([schedule], start=now - SPAN, end=now + SPAN)[schedule.pk]
    shifts = item.shifts(now - SPAN, now + SPAN)
    wall = now.astimezone(item.zone).replace(tzinfo=None)
    lasting = [layer for layer in item.rotations if layer.ends_at is None or layer.ends_at > wall]
    members = {user for layer in lasting for turn in layer.members for user in turn or ()}
    served_by = {user for shift in shifts for user in shift.users}
    people = User.objects.filter(pk__in=members | served_by)
    known = {user.pk: user for user in people if user.is_active or user.pk in served_by}
    found = burdens(shifts, {pk: user.zone for pk, user in known.items()})
    rows = RunPage.objects.filter(
        schedule=schedule, user_id__in=known, reached=True, at__gt=now - SPAN, at__lte=now
    )
    pages = dict(rows.order_by().values_list("user_id").annotate(count=Count("pk")))
    result = [Share(user, found.get(pk, Burden()), pages.get(pk, 0)) for pk, user in known.items()]
    return sorted(result, key=lambda row: (-row.burden.total, row.user.name, row.user.pk))


@dataclass(frozen=True)
class Candidate:
    """Somebody who could serve instead. `free`: neither away nor on call in any of that time."""

    user: User
    free: bool
    total: dt.timedelta


def candidates(schedule: Schedule, shifts: Sequence[Served]) -> list[list[Candidate]]:
    """For each of these shifts the other people of the rota, the best first: free, and serving the least.

    `total` is their time on call in the 14 days before and after the shift. Five statements, however many
    shifts; they must lie within 300 days.
    """
    if not shifts:
        return []
    start, end = min(row.start for row in shifts) - _AROUND, max(row.end for row in shifts) + _AROUND
    rows = served([schedule], start, end)
    ids = {row.user_id for row in rows}
    people = list(User.objects.active().filter(pk__in=ids))
    away: dict[int, list[tuple[dt.datetime, dt.datetime]]] = defaultdict(list)
    for leave in leave_of_members(list(ids), start, end):
        away[leave.user_id].append((leave.starts_at, leave.ends_at))
    return [_ranked(shift, rows, people, away) for shift in shifts]


def _ranked(
    shift: Served,
    rows: Sequence[Served],
    people: Sequence[User],
    away: dict[int, list[tuple[dt.datetime, dt.datetime]]],
) -> list[Candidate]:
    first, last = shift.start - _AROUND, shift.end + _AROUND
    totals: dict[int, dt.timedelta] = defaultdict(dt.timedelta)
    busy = {
        user
        for user, stretches in away.items()
        if any(start < shift.end and end > shift.start for start, end in stretches)
    }
    for row in rows:
        totals[row.user_id] += max(dt.timedelta(), min(row.end, last) - max(row.start, first))
        if row.start < shift.end and row.end > shift.start:
            busy.add(row.user_id)
    found = [Candidate(user, user.pk not in busy, totals[user.pk]) for user in people]
    others = [row for row in found if row.user.pk != shift.user_id]
    return sorted(others, key=lambda row: (not row.free, row.total, row.user.name))

"""When people work, for the reminder ladder: zone, public holidays, leave. A fixed number of statements."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from oncall import holidays
from oncall.models import Rotation
from oncall.selectors import leave_of_members
from postmortems.items.ladder import Person
from teams.models import User

_CHUNK = 50
# How far ahead leave is looked at: what is shown of the ladder reaches no further.
BACK, AHEAD = dt.timedelta(days=2), dt.timedelta(days=60)


@dataclass(frozen=True)
class _Holidays:
    """Days that are a public holiday in one of the regions."""

    regions: tuple[str, ...]

    def __contains__(self, day: object) -> bool:
        return any(day in holidays.region(code) for code in self.regions)


def people(
    users: Iterable[User | None], now: dt.datetime, *, ahead: dt.timedelta = AHEAD
) -> dict[int, Person]:
    """User id → when they work around now."""
    rows = {user.pk: user for user in users if user is not None}
    ids = sorted(rows)
    away: dict[int, list[tuple[dt.datetime, dt.datetime]]] = {}
    for start in range(0, len(ids), _CHUNK):
        for leave in leave_of_members(ids[start : start + _CHUNK], now - BACK, now + ahead):
            away.setdefault(leave.user_id, []).append((leave.starts_at, leave.ends_at))
    regions = _regions(ids)
    return {
        pk: Person(zone_of(user), _Holidays(regions.get(pk, ())), tuple(away.get(pk, ())), not user.is_active)
        for pk, user in rows.items()
    }


def zone_of(user: User | None) -> dt.tzinfo:
    """The person's zone; UTC for nobody, or for a name no zone has (any more)."""
    try:
        return user.zone if user is not None else dt.UTC
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return dt.UTC


def _regions(ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """User id → the regions of the schedules they take turns in: what else would say where somebody lives."""
    if not ids:
        return {}
    wanted = set(ids)
    found: dict[int, set[str]] = {}
    rows = Rotation.objects.filter(retired_at=None).exclude(schedule__holiday_region="")
    for members, region in rows.values_list("members", "schedule__holiday_region"):
        for turn in members or ():
            for user_id in wanted.intersection(turn or ()):
                found.setdefault(user_id, set()).add(region)
    return {pk: tuple(sorted(codes)) for pk, codes in found.items()}

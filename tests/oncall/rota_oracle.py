"""The rules of a schedule for one single instant, written down as directly as possible.

Slow on purpose: it counts turns up from the rotation's beginning and asks zoneinfo for every wall
time, sharing nothing with the code it judges.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from oncall.rota import WEEKDAYS, Override, Restriction, Rotation

DAY = timedelta(days=1)


@lru_cache(maxsize=200_000)
def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """First occurrence of a wall time; a missing one moves forward, minute by minute, to one that exists."""
    while True:
        found = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
        if found.astimezone(zone).replace(tzinfo=None) == wall:
            return found
        wall = wall.replace(second=0, microsecond=0) + timedelta(minutes=1)


def turn_wall(rotation: Rotation, number: int) -> datetime:
    first, steps = rotation.starts_at, number * rotation.count
    if rotation.unit == "hour":
        return first + timedelta(hours=steps)
    if rotation.unit == "day":
        return first + timedelta(days=steps)
    if rotation.unit == "week":
        return first + timedelta(days=7 * steps)
    year, month = first.year, first.month
    for _ in range(abs(steps)):
        month += 1 if steps > 0 else -1
        if month == 13:
            year, month = year + 1, 1
        if month == 0:
            year, month = year - 1, 12
    return first.replace(year=year, month=month, day=min(first.day, calendar.monthrange(year, month)[1]))


def turn_at(rotation: Rotation, zone: ZoneInfo, at: datetime) -> int:
    number = 0
    while instant(turn_wall(rotation, number), zone) > at:
        number -= 1
    while instant(turn_wall(rotation, number + 1), zone) <= at:
        number += 1
    return number


def name_of(day: date) -> str:
    return WEEKDAYS[day.weekday()]


def period_number(rotation: Rotation, day: date) -> int:
    """Which turn a listed day belongs to, by walking from starts_at's day to it."""
    first = rotation.starts_at.date()
    step = DAY if day >= first else -DAY
    changes, here = 0, first
    while here != day:
        following = here + step
        later, earlier = max(here, following), min(here, following)
        if rotation.unit == "day":
            changes += name_of(earlier) in rotation.by_day
        elif rotation.unit == "week":
            changes += name_of(later) == rotation.week_start
        else:
            changes += later.day == 1
        here = following
    return (changes if day >= first else -changes) // rotation.count


def windows(
    restrictions: tuple[Restriction, ...], day: date, zone: ZoneInfo
) -> Iterator[tuple[datetime, datetime]]:
    for restriction in restrictions:
        if restriction.days and name_of(day) not in restriction.days:
            continue
        last = day if restriction.ends > restriction.starts else day + DAY
        yield (
            instant(datetime.combine(day, restriction.starts), zone),
            instant(datetime.combine(last, restriction.ends), zone),
        )


def serving(rotation: Rotation, zone: ZoneInfo, at: datetime) -> set[int]:
    if at < instant(rotation.serves_from or rotation.starts_at, zone):
        return set()
    if rotation.ends_at is not None and at >= instant(rotation.ends_at, zone):
        return set()
    here = at.astimezone(zone).date()
    holiday = here in rotation.holidays
    if (rotation.on_holidays == "skip" and holiday) or (rotation.on_holidays == "only" and not holiday):
        return set()
    days = [here + offset * DAY for offset in range(-3, 4)]
    if not rotation.by_day:
        inside = not rotation.restrictions or any(
            begins <= at < ends for day in days for begins, ends in windows(rotation.restrictions, day, zone)
        )
        return (
            set(rotation.members[turn_at(rotation, zone, at) % len(rotation.members)] or ())
            if inside
            else set()
        )
    start: time = rotation.starts_at.time()
    ways = rotation.restrictions or (Restriction(start, start),)
    found: set[int] = set()
    for day in days:
        if name_of(day) in rotation.by_day and any(b <= at < e for b, e in windows(ways, day, zone)):
            found |= set(rotation.members[period_number(rotation, day) % len(rotation.members)] or ())
    return found


def on_call(
    rotations: list[Rotation], overrides: list[Override], zone: ZoneInfo, at: datetime
) -> tuple[int, ...]:
    by_layer: dict[int, set[int]] = {}
    for rotation in rotations:
        by_layer.setdefault(rotation.layer, set()).update(serving(rotation, zone, at))
    users = next((by_layer[layer] for layer in sorted(by_layer, reverse=True) if by_layer[layer]), set())
    active = [o for o in sorted(overrides, key=lambda o: o.created) if o.starts_at <= at < o.ends_at]
    for override in active:
        if override.kind == "take_over" and override.user is not None:
            users = {override.user}
    replaced = [o for o in active if o.kind == "replace"]
    for position, override in enumerate(replaced):
        hidden = any(newer.replaces == override.replaces for newer in replaced[position + 1 :])
        if not hidden and override.replaces in users and override.user is not None:
            users = (users - {override.replaces}) | {override.user}
    for override in active:
        if override.kind == "remove":
            users = users - {override.replaces}
    for override in active:
        if override.kind == "add" and override.user is not None:
            users = users | {override.user}
    return tuple(sorted(users))

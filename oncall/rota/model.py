"""What a schedule is made of, as plain values: rotations, overrides and the rows they come to.

Wall times are naive datetimes in the schedule's IANA zone; instants are aware datetimes. User ids
are integers. Nothing here reads a clock or a database.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal, NamedTuple

Unit = Literal["hour", "day", "week", "month"]
OverrideKind = Literal["take_over", "replace", "remove", "add"]
Source = Literal["rotation", "override"]
OnHolidays = Literal["serve", "skip", "only"]

UNITS: tuple[str, ...] = ("hour", "day", "week", "month")
OVERRIDE_KINDS: tuple[str, ...] = ("take_over", "replace", "remove", "add")
ON_HOLIDAYS: tuple[str, ...] = ("serve", "skip", "only")
WEEKDAYS: tuple[str, ...] = ("mo", "tu", "we", "th", "fr", "sa", "su")


class InvalidRota(ValueError):
    """Input from which no shifts can be computed. `errors` maps each field to its reason."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        self.errors = dict(errors)
        super().__init__("; ".join(f"{field}: {reason}" for field, reason in self.errors.items()))


class InvalidWindow(InvalidRota):
    """A queried window that is naive, turned round, too long or outside the years served."""


@dataclass(frozen=True, slots=True)
class Restriction:
    """A daily window of wall time, from `starts` up to `ends`, half-open.

    `ends` not after `starts` means the next day (equal: 24 hours). `days` are the weekdays the
    window begins on; empty means all seven.
    """

    starts: time
    ends: time
    days: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rotation:
    """Turns of `count` units each, served by `members[k mod n]`; a turn is people on call together.

    `starts_at` is the wall time turn 0 begins at (with `by_day`: the day or period that holds it is
    number 0). Nobody serves before `serves_from` (default: `starts_at`) or from `ends_at` on.
    `by_day` empty means every day counts. `restrictions` mask time and never shift turns. A higher
    `layer` hides lower ones while it serves.

    A turn that is None is served by nobody on purpose: it is time the rotation does not serve, so lower
    layers show through, and where nobody serves in the end that is planned. An empty turn (its people
    left) is time without anybody too, but a gap. `on_holidays`: "skip" masks the days in `holidays`
    (local dates, midnight to midnight) and what nobody serves of that is planned; "only" masks all others.
    """

    id: int | str
    starts_at: datetime
    unit: Unit
    count: int
    members: tuple[tuple[int, ...] | None, ...]
    name: str = ""
    serves_from: datetime | None = None
    ends_at: datetime | None = None
    by_day: tuple[str, ...] = ()
    week_start: str = "mo"
    restrictions: tuple[Restriction, ...] = ()
    layer: int = 0
    on_holidays: OnHolidays = "serve"
    holidays: Container[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Stretch:
    """One person serves in [start, end), two instants."""

    start: datetime
    end: datetime
    user: int


@dataclass(frozen=True, slots=True)
class FixedLayer:
    """Stretches that somebody else has worked out, such as those of a calendar: a rotation without rules.

    They take part in layering as a rotation of the same `layer` does; where they overlap all serve.
    """

    stretches: tuple[Stretch, ...]
    layer: int = 0
    id: None = None
    ends_at: None = None

    @property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """Everybody in it, each in a turn of their own."""
        return tuple((user,) for user in sorted({each.user for each in self.stretches}))


Layer = Rotation | FixedLayer


@dataclass(frozen=True, slots=True)
class Override:
    """A change of who serves between two instants, half-open.

    take_over: `user` serves alone. replace: `user` serves wherever `replaces` would. remove:
    `replaces` does not serve. add: `user` serves too. `created` orders overrides by creation
    (greater is newer): a newer take_over hides an older, a newer replace of the same person an older.
    """

    kind: OverrideKind
    starts_at: datetime
    ends_at: datetime
    user: int | None = None
    replaces: int | None = None
    created: int = 0


class Shift(NamedTuple):
    """Who is on call in [start, end), UTC. `users` is sorted and never empty.

    `source` is "override" when an override made the set what it is. `rotation_id` names the rotation
    when exactly one serves, else None.
    """

    start: datetime
    end: datetime
    users: tuple[int, ...]
    source: Source
    rotation_id: int | str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody is on call in [start, end), UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Crowd:
    """In [start, end), UTC, more than one turn of one schedule is on call: `rotation_ids` of equal layers.

    A None among them is a layer that is no rotation. `users` is everybody on call through them, sorted.
    """

    start: datetime
    end: datetime
    rotation_ids: tuple[int | str | None, ...]
    users: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Doubled:
    """In [start, end), UTC, `user` is on call in all of `schedules` (sorted keys, at least two)."""

    start: datetime
    end: datetime
    user: int
    schedules: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who is on call at an instant; `users` is empty in a gap.

    `since` and `until` (UTC) bound the longest time around the instant in which the set of people
    stays the same; None means no change within the 400 days before or after. `next` is the first row
    after `until` in which anybody serves, None when there is none in those 400 days.
    """

    users: tuple[int, ...]
    since: datetime | None
    until: datetime | None
    next: Shift | None

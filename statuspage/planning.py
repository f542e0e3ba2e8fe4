"""What time does to planned work. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Protocol
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from statuspage.choices import Repeats

_STEPS = {
    Repeats.DAILY: relativedelta(days=1),
    Repeats.WEEKLY: relativedelta(weeks=1),
    Repeats.FORTNIGHTLY: relativedelta(weeks=2),
    Repeats.MONTHLY: relativedelta(months=1),
}


class Planned(Protocol):
    """What is asked of a notice."""

    kind: str
    status: str
    scheduled_for: dt.datetime | None
    scheduled_until: dt.datetime | None
    auto_start: bool
    auto_end: bool
    remind_minutes: list[int]


def next_thing_at(notice: Planned, now: dt.datetime) -> dt.datetime | None:
    """When time alone does the next thing after `now`: a reminder, the start or the end; None: nothing.

    A start or an end that has passed is due at once.
    """
    if notice.kind != "maintenance" or notice.scheduled_for is None or notice.scheduled_until is None:
        return None
    if notice.status == "scheduled":
        times = [at for at in reminders(notice) if at > now]
        if notice.auto_start:
            times.append(notice.scheduled_for)
        return min(times, default=None)
    if notice.status in ("in_progress", "verifying") and notice.auto_end:
        return notice.scheduled_until
    return None


def reminders(notice: Planned) -> list[dt.datetime]:
    """When subscribers are reminded, soonest first."""
    if notice.scheduled_for is None:
        return []
    return sorted(notice.scheduled_for - dt.timedelta(minutes=count) for count in notice.remind_minutes)


def following_window(
    starts_at: dt.datetime, ends_at: dt.datetime, repeats: str, zone: ZoneInfo
) -> tuple[dt.datetime, dt.datetime] | None:
    """The next window of a series: the same time of day in the page's zone, the same length; None: it is single.

    The 31st of a month falls on the last day of a shorter one. A wall time that does not exist moves forward.
    """
    step = _STEPS.get(Repeats(repeats))
    if step is None:
        return None
    wall = starts_at.astimezone(zone).replace(tzinfo=None) + step
    begins = wall.replace(tzinfo=zone).astimezone(dt.UTC)
    return begins, begins + (ends_at - starts_at)

"""The time axis of the picture: the window, its days, and where an instant lies in it."""

from __future__ import annotations

import datetime as dt

from core import display
from oncall.board.shapes import Day
from oncall.holidays import region
from oncall.models import Schedule

ZOOMS = {"day": 1, "week": 7, "fortnight": 14, "month": 30, "quarter": 91}
DEFAULT_ZOOM = "fortnight"
_SATURDAY = 5
# More days than this and only weeks are named.
_NAMED_DAYS = 16


class Place:
    """Turns instants into percentages of the window."""

    def __init__(self, start: dt.datetime, end: dt.datetime) -> None:
        self.start, self.end = start, end
        self.length = (end - start).total_seconds()

    def at(self, moment: dt.datetime) -> str:
        share = (moment - self.start).total_seconds() / self.length
        return f"{100 * min(1.0, max(0.0, share)):.3f}%"

    def __call__(self, start: dt.datetime, end: dt.datetime) -> tuple[str, str]:
        """(left, width) of what lies inside the window."""
        start, end = max(start, self.start), min(end, self.end)
        return self.at(start), f"{100 * (end - start).total_seconds() / self.length:.3f}%"


def days_of(schedule: Schedule, place: Place) -> list[Day]:
    """The midnights in the window."""
    local = place.start.astimezone(schedule.zone).date()
    last = place.end.astimezone(schedule.zone).date()
    length = (last - local).days
    every = 1 if length <= _NAMED_DAYS else 7
    found = []
    for number in range(length + 1):
        date = local + dt.timedelta(days=number)
        moment = _midnight(schedule, date)
        if not place.start <= moment < place.end:
            continue
        following = min(place.end, _midnight(schedule, date + dt.timedelta(days=1)))
        named = every == 1 or date.weekday() == display.first_weekday()
        label = f"{date:%a} {date.day}" if every == 1 else f"{date.day} {date:%b}"
        left, width = place(moment, following)
        holiday = region(schedule.holiday_region).name(date)
        found.append(Day(date, left, label if named else "", date.weekday() >= _SATURDAY, width, holiday))
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

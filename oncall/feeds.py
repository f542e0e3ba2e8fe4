"""What the calendar feeds hold: the past 30 and the coming 180 days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.conf import settings

from core.clock import UTC
from core.crypto import digest
from oncall import rota
from oncall.calendar import Entry, render
from oncall.loading import load
from oncall.models import CalendarToken, Schedule
from oncall.selectors.naming import schedules_serving
from oncall.shift_times import joined
from teams.actor import Actor
from teams.models import User

BACK, AHEAD = dt.timedelta(days=30), dt.timedelta(days=180)


def token_by_secret(secret: str) -> CalendarToken | None:
    """The usable link with this secret, its person loaded."""
    if not 20 <= len(secret) <= 200:
        return None
    return CalendarToken.objects.usable().select_related("user").filter(digest=digest(secret)).first()


def schedule_feed(schedule: Schedule, now: dt.datetime) -> tuple[str, str]:
    """(calendar, ETag) of everybody's shifts in a schedule."""
    start, end = _window(now)
    item = load([schedule], start=start, end=end)[schedule.pk]
    rows = _joined(item.shifts(start, end), start)
    ids = {user for _start, _end, users in rows for user in users}
    names = dict(User.objects.filter(pk__in=ids).values_list("pk", "name"))
    entries = [
        _entry(
            f"{schedule.pk}-{'-'.join(map(str, users))}",
            begins,
            ends,
            f"{', '.join(names.get(user, '?') for user in users)} ({schedule.name})",
            schedule,
        )
        for begins, ends, users in rows
    ]
    return render(schedule.name, entries, now)


def personal_feed(actor: Actor, now: dt.datetime) -> tuple[str, str]:
    """(calendar, ETag) of the person's own shifts, in all schedules the person may see."""
    start, end = _window(now)
    user_id = actor.user_id or 0
    visible = set(Schedule.objects.visible_to(actor).values_list("pk", flat=True))
    schedules = {row.pk: row for row in schedules_serving([user_id]) if row.pk in visible}
    entries = []
    for pk, item in load(schedules.values(), start=start, end=end).items():
        shifts = item.shifts(start, end)
        mine = [
            rota.Shift(row.start, row.end, (user_id,), row.source) for row in shifts if user_id in row.users
        ]
        entries += [
            _entry(f"{pk}-{user_id}", begins, ends, f"On call: {schedules[pk].name}", schedules[pk])
            for begins, ends, _users in _joined(mine, start)
        ]
    entries.sort(key=lambda entry: (entry.start, entry.uid))
    return render("On-call shifts", entries, now)


def _window(now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - BACK, midnight + AHEAD


def _joined(
    shifts: Sequence[rota.Shift], start: dt.datetime
) -> list[tuple[dt.datetime, dt.datetime, tuple[int, ...]]]:
    """(start, end, people) with touching rows of the same people as one.

    Rows cut by the window's beginning are left out unless they still last far into it: their real beginning
    is unknown, and an event whose beginning moves every day would be another event every day.
    """
    rows = [(shift.start, shift.end, shift.users) for shift in joined(shifts)]
    return [row for row in rows if row[0] > start or row[1] > start + BACK]


def _entry(mark: str, start: dt.datetime, end: dt.datetime, summary: str, schedule: Schedule) -> Entry:
    url = f"{settings.BASE_URL}{schedule.get_absolute_url()}"
    uid = f"shift-{mark}-{start:%Y%m%dT%H%M%SZ}@watchbill"
    return Entry(uid, start, end, summary, url, schedule.revision, schedule.changed_at)

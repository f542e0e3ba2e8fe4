"""What every change of on-call data tells the others: a new revision for calendars, news for open pages."""

from __future__ import annotations

import datetime as dt

from django.db.models import F

from core import clock
from core.events import publish
from oncall.events import LeaveChanged, OnCallChanged
from oncall.models import ExternalCalendar, Schedule


def touch(schedule: Schedule, what: str, now: dt.datetime | None = None) -> None:
    """Give a schedule that changed its next revision and tell the pages that show it."""
    Schedule.objects.filter(pk=schedule.pk).update(revision=F("revision") + 1, changed_at=now or clock.now())
    publish(OnCallChanged(team_id=schedule.team_id, schedule_id=schedule.pk, what=what))


def calendar_changed(calendar: ExternalCalendar, what: str, now: dt.datetime | None = None) -> None:
    """A foreign calendar brings other shifts, or other leave."""
    if calendar.schedule is not None:
        touch(calendar.schedule, what, now)
    elif calendar.user_id is not None:
        publish(LeaveChanged(user_id=calendar.user_id))

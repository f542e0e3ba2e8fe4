"""Keeping foreign calendars up to date: claim what is due, fetch it, read it, keep it, or say what failed."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from core.crypto import unseal
from notifications.actions.messages import request_message
from notifications.choices import Category
from oncall.calendars.boxed import read_boxed
from oncall.calendars.fetching import Fetched, FetchFailed, fetch
from oncall.calendars.keeping import AHEAD, BACK, Refused, keep, packed, unpacked, zone_of
from oncall.calendars.reading import Reading
from oncall.calendars.text import Unreadable
from oncall.changes import calendar_changed
from oncall.choices import CalendarPurpose
from oncall.models import ExternalCalendar
from teams.choices import TeamRole
from teams.models import Membership

EVERY = dt.timedelta(minutes=15)
# A file does not change, but its series go on into days that were too far ahead when it was read.
EVERY_FILE = dt.timedelta(days=1)


def fetch_due(*, limit: int = 50) -> int:
    """Bring the calendars that are due up to date, one by one. Returns how many were tried."""
    done = 0
    while done < limit and (calendar := _claimed()) is not None:
        mirror(calendar)
        done += 1
    return done


def mirror(calendar: ExternalCalendar) -> None:
    """Fetch and read one calendar outside of any transaction, then keep what came."""
    now = clock.now()
    try:
        fetched = _fetched(calendar)
        reading = _reading(calendar, fetched, now)
    except (FetchFailed, Unreadable) as error:
        _settle(calendar, now, failure=str(error))
        return
    _settle(calendar, now, fetched=fetched, reading=reading)


def _claimed() -> ExternalCalendar | None:
    with transaction.atomic():
        now = clock.database_now()
        due = ExternalCalendar.objects.filter(next_fetch_at__lte=now, removed_at__isnull=True)
        rows = due.select_for_update(skip_locked=True, of=("self",), no_key=True)
        calendar: ExternalCalendar | None = (
            rows.select_related("schedule", "user").order_by("next_fetch_at", "pk").first()
        )
        if calendar is not None:
            calendar.next_fetch_at = now + (EVERY if calendar.url else EVERY_FILE)
            calendar.save(update_fields=["next_fetch_at"])
    return calendar


def _fetched(calendar: ExternalCalendar) -> Fetched:
    if not calendar.url:
        return Fetched(None)
    url = unseal(calendar.url)
    if not url:
        raise FetchFailed("The stored address cannot be read any more; enter it again.")
    return fetch(url, etag=calendar.etag, last_modified=calendar.last_modified)


def _reading(calendar: ExternalCalendar, fetched: Fetched, now: dt.datetime) -> Reading | None:
    """What the calendar holds now; None when it is as it was and was read today."""
    fresh = calendar.fetched_at is not None and calendar.fetched_at.date() == now.date()
    if fetched.content is None and fresh and calendar.url and not calendar.failure:
        return None
    content = unpacked(calendar.content) if fetched.content is None else fetched.content
    return read_boxed(content, now - BACK, now + AHEAD, zone_of(calendar))


def _settle(
    calendar: ExternalCalendar,
    now: dt.datetime,
    *,
    fetched: Fetched | None = None,
    reading: Reading | None = None,
    failure: str = "",
) -> None:
    """Write the outcome, unless the calendar was changed or taken away in the meantime."""
    with transaction.atomic():
        rows = ExternalCalendar.objects.select_for_update(of=("self",), no_key=True)
        row = rows.select_related("schedule", "user").filter(pk=calendar.pk, removed_at__isnull=True).first()
        if row is None or row.url != calendar.url or row.people != calendar.people:
            return
        if reading is not None:
            try:
                with transaction.atomic():
                    if keep(row, reading, now):
                        calendar_changed(row, "calendar read", now)
            except Refused as refused:
                failure = str(refused)
        if failure:
            _failed(row, failure, now)
        else:
            _succeeded(row, fetched, now)
        row.save()


def _succeeded(row: ExternalCalendar, fetched: Fetched | None, now: dt.datetime) -> None:
    row.fetched_at, row.failing_since, row.failure, row.told_at = now, None, "", None
    if fetched is not None and fetched.content is not None:
        row.content = packed(fetched.content)
        row.etag, row.last_modified = fetched.etag, fetched.last_modified


def _failed(row: ExternalCalendar, failure: str, now: dt.datetime) -> None:
    """The last good copy stays in force; its owners hear of it once until it works again."""
    row.failing_since = row.failing_since or now
    row.failure = failure[:300]
    if row.told_at is None:
        row.told_at = now
        _tell(row, now)


def _tell(row: ExternalCalendar, now: dt.datetime) -> None:
    assert row.failing_since is not None
    people = {row.created_by_id, row.user_id}
    if row.schedule is not None:
        managers = Membership.objects.filter(team_id=row.schedule.team_id, role=TeamRole.MANAGER)
        people |= set(managers.values_list("user_id", flat=True))
    kept = "What it said last stays in force." if row.fetched_at else "Nothing has come from it yet."
    for user_id in sorted(user for user in people if user is not None):
        request_message(
            key=f"calendar/{row.pk}/failing/{row.failing_since:%Y%m%dT%H%M%S}/{user_id}",
            category=Category.REMINDER,
            user_id=user_id,
            title=f"The calendar “{row.name}” cannot be read",
            body=f"{row.failure} {kept} You hear of it again only after it has worked.",
            url_path=page_of(row),
            team_id=row.schedule.team_id if row.schedule else None,
            now=now,
        )


def page_of(row: ExternalCalendar) -> str:
    """Where the calendar is looked after."""
    if row.purpose == CalendarPurpose.SHIFTS:
        return f"/oncall/schedules/{row.schedule_id}/calendars/"
    return "/oncall/me/calendars/"

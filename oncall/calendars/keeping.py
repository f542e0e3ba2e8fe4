"""Turning what a foreign calendar says into rows. What was before now is never rewritten.

Only rows that end after now are replaced. One that runs now and is no longer wanted ends now; one that is new
and has begun already begins now. The first reading of a calendar may begin in the past.
"""

from __future__ import annotations

import datetime as dt
import gzip
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import QuerySet

from oncall.calendars.matching import Matched, Person, match
from oncall.calendars.reading import Reading
from oncall.choices import CalendarPurpose
from oncall.models import ExternalCalendar, ImportedShift, Leave
from teams.models import User

_EMPTY_BELIEVED = dt.timedelta(hours=1)
BACK, AHEAD = dt.timedelta(days=1), dt.timedelta(days=400)


class Kept(NamedTuple):
    """A stretch as it shall stand in the database."""

    user_id: int
    uid: str
    start: dt.datetime
    end: dt.datetime
    note: str = ""


class Refused(Exception):
    """What was read must not replace the last good copy; the message is a sentence for its owner."""


def zone_of(calendar: ExternalCalendar) -> ZoneInfo:
    """Where floating times and whole days of the calendar are: the schedule's zone, or the person's."""
    if calendar.schedule is not None:
        return calendar.schedule.zone
    return calendar.user.zone if calendar.user else ZoneInfo("UTC")


def packed(content: bytes) -> bytes:
    return gzip.compress(content, 6, mtime=0)


def unpacked(content: bytes | memoryview) -> bytes:
    return gzip.decompress(bytes(content)) if content else b""


def keep(calendar: ExternalCalendar, reading: Reading, now: dt.datetime) -> bool:
    """Replace the coming rows of a locked calendar by this reading, and note whom nobody knew.

    Returns whether any row is another now.

    Raises Refused when the answer is suddenly empty, or names nobody, while rows are still to come; leave that
    stays away for an hour is believed.
    """
    now = now.replace(microsecond=0)
    matched = _matched(calendar, reading)
    # What somebody's leave is called is for nobody else to read.
    wanted = [Kept(user, event.uid[:300], event.start, event.end) for user, event in matched.stretches]
    rows = rows_of(calendar)
    if rows.filter(ends_at__gt=now).exists() and not any(each.end > now for each in wanted):
        coming = sum(event.end > now for event in reading.events)
        if coming:
            raise Refused(f"None of its {coming} coming events names a person known here.")
        if not _leave_is_over(calendar, now):
            raise Refused("The calendar is suddenly empty.")
    calendar.unmatched = matched.unmatched
    if calendar.fetched_at is None and not rows.exists():
        _insert(calendar, {(each.user_id, each.start, each.end): each for each in wanted}.values())
        return bool(wanted)
    return _replace(calendar, wanted, now)


def _leave_is_over(calendar: ExternalCalendar, now: dt.datetime) -> bool:
    """Somebody may have no leave ahead any more: believed once the calendar has stayed empty for an hour."""
    since = calendar.failing_since
    return calendar.purpose == CalendarPurpose.LEAVE and since is not None and now - since >= _EMPTY_BELIEVED


def drop_coming(calendar: ExternalCalendar, now: dt.datetime) -> None:
    """The calendar serves nothing from now on; what it served stays."""
    now = now.replace(microsecond=0)
    rows_of(calendar).filter(starts_at__gte=now).delete()
    rows_of(calendar).filter(ends_at__gt=now).update(ends_at=now)


def set_past_apart(calendar: ExternalCalendar, past: ExternalCalendar, now: dt.datetime) -> None:
    """Move what was served before now to the calendar `past`, which keeps it as it was."""
    now = now.replace(microsecond=0)
    rows = ImportedShift.objects.filter(calendar=calendar)
    running = rows.filter(starts_at__lt=now, ends_at__gt=now)
    ImportedShift.objects.bulk_create(
        ImportedShift(calendar=past, user_id=row.user_id, uid=row.uid, starts_at=row.starts_at, ends_at=now)
        for row in running
    )
    running.update(starts_at=now)
    rows.filter(ends_at__lte=now).update(calendar=past)


def rows_of(calendar: ExternalCalendar) -> QuerySet[Any]:
    """The stretches or the leave that come from this calendar."""
    model: Any = ImportedShift if calendar.purpose == CalendarPurpose.SHIFTS else Leave
    return model.objects.filter(calendar=calendar)  # type: ignore[no-any-return]


def _matched(calendar: ExternalCalendar, reading: Reading) -> Matched:
    if calendar.purpose == CalendarPurpose.LEAVE:
        return Matched([(calendar.user_id or 0, event) for event in reading.events])
    people = User.objects.active().values_list("pk", "name", "email")
    return match(reading.events, [Person(*row) for row in people], calendar.people)


def _replace(calendar: ExternalCalendar, wanted: list[Kept], now: dt.datetime) -> bool:
    changed = False
    rows = list(rows_of(calendar).filter(ends_at__gt=now).order_by("starts_at", "pk"))
    running: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        if row.starts_at < now:
            running[row.user_id].append(row)
    new: dict[tuple[int, dt.datetime, dt.datetime], Kept] = {}
    for each in sorted((each for each in wanted if each.end > now), key=lambda each: (each.start, each.uid)):
        if each.start < now and (row := _same(running[each.user_id], each)) is not None:
            running[each.user_id].remove(row)
            if row.ends_at != each.end:
                row.ends_at = each.end
                row.save(update_fields=["ends_at"])
                changed = True
        else:
            begins = max(each.start, now)
            new.setdefault((each.user_id, begins, each.end), each._replace(start=begins))
    for row in (row for rest in running.values() for row in rest):
        row.ends_at = now
        row.save(update_fields=["ends_at"])
        changed = True
    gone = []
    for row in rows:
        if row.starts_at >= now and new.pop((row.user_id, row.starts_at, row.ends_at), None) is None:
            gone.append(row.pk)
    rows_of(calendar).filter(pk__in=gone).delete()
    _insert(calendar, new.values())
    return bool(changed or gone or new)


def _same(rows: list[Any], wanted: Kept) -> Any:
    """The running row that this event goes on with: of the same event or beginning, else any."""
    close = [row for row in rows if row.uid == wanted.uid or row.starts_at == wanted.start]
    return next(iter([*close, *rows]), None)


def _insert(calendar: ExternalCalendar, wanted: Iterable[Kept]) -> None:
    if calendar.purpose == CalendarPurpose.SHIFTS:
        _copy_shifts(calendar.pk, wanted)
        return
    Leave.objects.bulk_create(
        (
            Leave(
                calendar=calendar,
                user_id=each.user_id,
                uid=each.uid,
                starts_at=each.start,
                ends_at=each.end,
                note=each.note,
                created_by_id=calendar.created_by_id,
            )
            for each in wanted
        ),
        batch_size=2000,
    )


def _copy_shifts(calendar_id: int, wanted: Iterable[Kept]) -> None:
    """Thousands of rows at once, faster than any INSERT; constraints hold as ever."""
    table = ImportedShift._meta.db_table
    columns = "calendar_id, user_id, uid, starts_at, ends_at"
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for each in wanted:
            copy.write_row((calendar_id, each.user_id, each.uid, each.start, each.end))

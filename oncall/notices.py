"""What people are told about shifts without asking: reminders, handoffs, leave that meets a shift.

One pass looks at all schedules; a receipt (`ShiftNotice`) for each thing told makes a second pass, or two at
once, harmless. A pass that was missed is made up for as long as the thing is still of use.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override as language

from core import display
from notifications.actions.messages import request_message
from notifications.choices import Category
from oncall.choices import NoticeKind
from oncall.loading import load
from oncall.models import HandoffNote, Leave, Schedule, ShiftNotice, ShiftPreference
from oncall.models.people import default_reminders
from oncall.shift_times import Served, unbroken
from teams.choices import TeamRole
from teams.models import Membership, User

# Looked at from here on, with room before and behind so that the true ends of shifts are seen.
_AHEAD = dt.timedelta(days=14)
_BACK = dt.timedelta(days=35)
# Told late, but told: a worker that was down so long makes up for it.
_LATE = dt.timedelta(minutes=30)
_LEAVE_AHEAD = dt.timedelta(days=60)
_REMEMBERED = dt.timedelta(days=120)

Receipt = tuple[int, int, str, str]


@dataclass(frozen=True)
class _Telling:
    """One thing to tell one person, once."""

    user: User
    schedule: Schedule
    kind: str
    mark: str
    title: str
    body: str


def tell_about_shifts(now: dt.datetime) -> int:
    """Reminders before shifts, and notices when one begins or ends; returns how many were sent."""
    schedules = {row.pk: row for row in Schedule.objects.select_related("team")}
    rows: list[Served] = []
    for pk, item in load(schedules.values(), start=now - _BACK, end=now + _AHEAD + _BACK).items():
        found = unbroken(pk, item.shifts(now - _BACK, now + _AHEAD + _BACK))
        rows += [row for row in found if row.end > now - _LATE and row.start <= now + _AHEAD]
    people = {user.pk: user for user in User.objects.active().filter(pk__in={row.user_id for row in rows})}
    wishes = {row.user_id: row for row in ShiftPreference.objects.filter(user_id__in=people)}
    notes = _notes(rows, now)
    known, told = _known(now), 0
    for row in rows:
        user, schedule = people.get(row.user_id), schedules[row.schedule_id]
        if user is not None:
            due = _due(row, user, schedule, wishes.get(user.pk), notes, now)
            told += sum(_tell(each, known, now) for each in due)
    return told


def _due(
    row: Served,
    user: User,
    schedule: Schedule,
    wish: ShiftPreference | None,
    notes: dict[int, list[HandoffNote]],
    now: dt.datetime,
) -> Iterable[_Telling]:
    minutes = wish.remind_minutes if wish is not None else default_reminders()
    due = [each for each in minutes if row.start - dt.timedelta(minutes=each) <= now < row.start]
    with language(user.language):
        words = {
            "schedule": schedule.name,
            "from": when_for(row.start, user),
            "until": when_for(row.end, user),
        }
        if due:
            # Only the nearest: somebody put on call an hour ahead needs no reminder of the day before.
            mark = f"{row.start.isoformat()}/{min(due)}"
            title = _("On call from %(from)s: %(schedule)s") % words
            yield _Telling(user, schedule, NoticeKind.REMINDER, mark, title, _("Until %(until)s.") % words)
        if wish is not None and not wish.handoff_notices:
            return
        if row.start <= now < min(row.start + _LATE, row.end):
            title = _("You are on call now: %(schedule)s") % words
            body = "\n\n".join([_("Until %(until)s.") % words, *_handed_over(notes, schedule, row.start)])
            yield _Telling(user, schedule, NoticeKind.BEGINS, row.start.isoformat(), title, body)
        if row.end <= now < row.end + _LATE:
            title = _("Your shift is over: %(schedule)s") % words
            body = _("Leave a note for whoever is on call now, while it is fresh.")
            yield _Telling(user, schedule, NoticeKind.ENDS, row.end.isoformat(), title, body)


def _notes(rows: list[Served], now: dt.datetime) -> dict[int, list[HandoffNote]]:
    """Schedule id → notes of shifts that ended lately or end soon."""
    found: dict[int, list[HandoffNote]] = defaultdict(list)
    near = HandoffNote.objects.filter(
        schedule_id__in={row.schedule_id for row in rows},
        shift_ends_at__gt=now - 2 * _LATE,
        shift_ends_at__lte=now + _LATE,
    )
    for note in near.exclude(text="").select_related("author").order_by("pk"):
        found[note.schedule_id].append(note)
    return found


def _handed_over(notes: dict[int, list[HandoffNote]], schedule: Schedule, start: dt.datetime) -> list[str]:
    return [
        _("%(who)s hands over:\n%(text)s") % {"who": note.author, "text": note.text}
        for note in notes.get(schedule.pk, [])
        if note.shift_ends_at == start
    ]


def warn_about_leave(now: dt.datetime, user_id: int | None = None) -> int:
    """Tell the managers of a rota where leave meets a shift in it; never the absent person. Returns how many.

    Looks 60 days ahead. Each shift that is met is told once to each manager.
    """
    known, told = _known(now), 0
    for meeting in leave_meets_shifts(now, user_id):
        for manager in meeting.managers:
            if manager.pk == meeting.leave.user_id:
                continue
            with language(manager.language):
                words = {
                    "who": meeting.leave.user.name,
                    "schedule": meeting.schedule.name,
                    "from": when_for(meeting.start, manager),
                    "until": when_for(meeting.end, manager),
                }
                telling = _Telling(
                    manager,
                    meeting.schedule,
                    NoticeKind.LEAVE,
                    f"{meeting.leave.user_id}/{meeting.start.isoformat()}",
                    _("%(who)s is away while on call: %(schedule)s") % words,
                    _("From %(from)s until %(until)s. Find cover on the page of the schedule.") % words,
                )
            told += _tell(telling, known, now)
    return told


@dataclass(frozen=True)
class Meeting:
    """Leave and a shift of the same person overlap in [start, end)."""

    leave: Leave
    schedule: Schedule
    start: dt.datetime
    end: dt.datetime
    managers: list[User]


def leave_meets_shifts(
    now: dt.datetime, user_id: int | None = None, schedule_id: int | None = None
) -> list[Meeting]:
    """Where leave of the coming 60 days meets shifts, of one person or in one schedule if so asked."""
    end = now + _LEAVE_AHEAD
    leave = Leave.objects.filter(starts_at__lt=end, ends_at__gt=now, user__is_active=True)
    leave = leave.filter(user_id=user_id) if user_id is not None else leave
    by_user: dict[int, list[Leave]] = defaultdict(list)
    for away in leave.select_related("user").order_by("starts_at", "pk"):
        by_user[away.user_id].append(away)
    if not by_user:
        return []
    rows = Schedule.objects.select_related("team")
    schedules = {row.pk: row for row in (rows.filter(pk=schedule_id) if schedule_id is not None else rows)}
    managers = _managers({row.team_id for row in schedules.values()})
    found: list[Meeting] = []
    for pk, item in load(schedules.values(), start=now, end=end).items():
        for shift in unbroken(pk, item.shifts(now, end)):
            for away in by_user.get(shift.user_id, []):
                start, until = max(shift.start, away.starts_at), min(shift.end, away.ends_at)
                if start < until:
                    schedule = schedules[pk]
                    found.append(Meeting(away, schedule, start, until, managers[schedule.team_id]))
    return sorted(found, key=lambda row: (row.start, row.schedule.pk))


def _managers(team_ids: set[int]) -> dict[int, list[User]]:
    found: dict[int, list[User]] = defaultdict(list)
    rows = Membership.objects.filter(team_id__in=team_ids, role=TeamRole.MANAGER, user__is_active=True)
    for row in rows.select_related("user").order_by("user_id"):
        found[row.team_id].append(row.user)
    return found


def _known(now: dt.datetime) -> set[Receipt]:
    rows = ShiftNotice.objects.filter(sent_at__gt=now - _REMEMBERED)
    return set(rows.values_list("user_id", "schedule_id", "kind", "mark"))


def _tell(telling: _Telling, known: set[Receipt], now: dt.datetime) -> bool:
    """Write the message and its receipt in one transaction; false when it was told before."""
    user, schedule, mark = telling.user, telling.schedule, telling.mark[:120]
    if (user.pk, schedule.pk, str(telling.kind), mark) in known:
        return False
    with transaction.atomic():
        _receipt, new = ShiftNotice.objects.get_or_create(
            user=user, schedule=schedule, kind=telling.kind, mark=mark, defaults={"sent_at": now}
        )
        if new:
            about_leave = telling.kind == NoticeKind.LEAVE
            request_message(
                key=f"shift/{schedule.pk}/{user.pk}/{telling.kind}/{mark}"[:200],
                category=Category.REMINDER,
                user_id=user.pk,
                title=telling.title,
                body=telling.body,
                url_path=schedule.get_absolute_url() if about_leave else "/oncall/me/",
                team_id=schedule.team_id,
                now=now,
            )
    return new


def stale_notices(now: dt.datetime) -> QuerySet[ShiftNotice]:
    """Receipts of what lies long back."""
    return ShiftNotice.objects.filter(sent_at__lt=now - _REMEMBERED)


def when_for(at: dt.datetime, user: User) -> str:
    """Mon 3 Aug 09:00 (Europe/Berlin): in the person's own zone and clock."""
    with display.override(display.Display(clock_24h=user.clock_24h)):
        return f"{display.day_time_text(at.astimezone(user.zone))} ({user.time_zone})"

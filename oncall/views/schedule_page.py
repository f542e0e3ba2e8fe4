"""The page of one schedule: who serves, who should, and what can be done about it."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from core import clock
from core.pages import actor_of
from oncall import board, selectors
from oncall.actions import rotations
from oncall.live import topics_of
from oncall.models import Leave, Override, Rotation, Schedule
from oncall.notices import Meeting, leave_meets_shifts
from oncall.permissions import may_cover, may_manage
from oncall.selectors.fairness import Candidate, Share, candidates, shares
from oncall.shift_times import Served
from oncall.views.schedules import people_by_id, visible
from teams.actor import Actor

_SHOWN = 3
# Shorter pictures have blocks wide enough for a handle to drag them by.
_HANDLED = 14


@login_required
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Two weeks (`?zoom=day|week|fortnight|month|quarter`) from today (`?day=`)."""
    actor, now, schedule = actor_of(request), clock.now(), visible(request, pk)
    zoom = request.GET.get("zoom", board.DEFAULT_ZOOM)
    zoom = zoom if zoom in board.ZOOMS else board.DEFAULT_ZOOM
    start, end, first = board.window(schedule, zoom, request.GET.get("day", ""), now)
    living = schedule.rotations.living()
    members = {user for rotation in living for user in rotations.people_of(rotation)}
    report = selectors.schedule_report(actor, schedule, now, now + selectors.AHEAD)
    overrides = list(
        Override.objects.filter(schedule=schedule, ends_at__gt=now).select_related("user", "replaces")
    )
    known = people_by_id(members | _named(report))
    extras = board.Extras(
        leave=_leave(
            actor, schedule, members | {row.user_id for row in overrides if row.user_id}, start, end
        ),
        requests=selectors.open_requests(schedule, now),
        shadows=selectors.coming_shadows(schedule, now),
    )
    picture = board.build(schedule, start, end, now, extras)
    covers = may_cover(actor, schedule.team_id)
    _offer(picture, schedule, actor, now)
    length = board.ZOOMS[zoom]
    context = {
        "schedule": schedule,
        "board": picture,
        "extras": extras,
        "upcoming": board.upcoming(picture.shifts),
        "gaps": selectors.gaps_ahead([schedule], now).get(schedule.pk),
        **_people_now(actor, schedule, now),
        **_oddities(report, known, now),
        "rotations": [(row, _turns(row, known)) for row in living],
        "overrides": overrides,
        "policies": _paging(actor, schedule),
        "notes": selectors.latest_notes(schedule, now),
        "shares": _bars(shares(schedule, now)),
        **(_met(schedule, now) if covers else {}),
        "zooms": _zooms(),
        "zoom": zoom,
        "handles": length <= _HANDLED,
        "earlier": (first - dt.timedelta(days=length)).isoformat(),
        "later": (first + dt.timedelta(days=length)).isoformat(),
        "may_manage": may_manage(actor, schedule.team_id),
        "may_cover": covers,
        "live_topics": topics_of([schedule.team]),
    }
    return render(request, "oncall/pages/schedule.html", context)


def _people_now(actor: Actor, schedule: Schedule, now: dt.datetime) -> dict[str, Any]:
    """Who is on call now and next, and the reader's own next shift with the time until it begins."""
    rows = selectors.on_call_overview(actor, now, schedule_id=schedule.pk)
    row = rows[0] if rows else None
    coming = selectors.next_shift(actor.user_id or 0, now)
    serving = row is not None and any(user.pk == actor.user_id for user in row.users)
    return {
        "now_row": row,
        "live_until": row.changes_at if row else None,
        "serving": serving,
        "my_next": coming,
        "my_wait": coming[1].start - now if coming else None,
    }


def _leave(
    actor: Actor, schedule: Schedule, members: set[int], start: dt.datetime, end: dt.datetime
) -> list[Leave]:
    """Leave of the rota's people in the window: for the schedule's team and admins, who see it."""
    if not actor.is_admin and schedule.team_id not in actor.roles:
        return []
    rows = selectors.leave_of_members(sorted(members), start, end)
    seen = Leave.objects.visible_to(actor).filter(pk__in=[row.pk for row in rows])
    ids = set(seen.values_list("pk", flat=True))
    return [row for row in rows if row.pk in ids]


def _offer(picture: board.Board, schedule: Schedule, actor: Actor, now: dt.datetime) -> None:
    """Write into each stretch that is not over what the reader may do with it."""
    covers = may_cover(actor, schedule.team_id)
    cover, ask = (reverse(f"oncall:{name}", args=[schedule.pk]) for name in ("override", "ask"))
    for block in board.upcoming(picture.shifts):
        span = {"start": block.start.isoformat(), "end": block.end.isoformat()}
        if covers:
            times = {"starts_at": span["start"], "ends_at": span["end"]}
            block.cover_url = f"{cover}?{urlencode(times)}"
        block.asks = [
            (user, f"{ask}?{urlencode({'user': user.pk, **span})}")
            for user in block.users
            if user.is_active and (covers or user.pk == actor.user_id)
        ]
        mine = any(user.pk == actor.user_id for user in block.users)
        if covers and not mine and block.start <= now < block.end:
            block.relieves = list(block.users)


def _met(schedule: Schedule, now: dt.datetime) -> dict[str, Any]:
    """Where leave meets shifts, the first few with the best person to ask instead."""
    meetings = leave_meets_shifts(now, schedule_id=schedule.pk)
    shown = meetings[:_SHOWN]
    shifts = [Served(schedule.pk, each.leave.user_id, each.start, each.end) for each in shown]
    ask = reverse("oncall:ask", args=[schedule.pk])
    rows = []
    for each, found in zip(shown, candidates(schedule, shifts), strict=True):
        best = found[0] if found and found[0].free else None
        rows.append((each, best, f"{ask}?{urlencode(_asking(each, best))}"))
    return {"met": rows, "met_count": len(meetings)}


def _asking(meeting: Meeting, best: Candidate | None) -> dict[str, Any]:
    """What the form begins with: whose shift it is, when, and whom to ask."""
    found: dict[str, Any] = {
        "user": meeting.leave.user_id,
        "start": meeting.start.isoformat(),
        "end": meeting.end.isoformat(),
    }
    return found | ({"offered_to": best.user.pk} if best else {})


def _bars(rows: list[Share]) -> list[tuple[Any, list[dict[str, Any]]]]:
    """(person, bars of hours, nights, weekends, pages): each as long as its share of the most of its kind."""
    numbers = [
        (
            row.user,
            [
                (_("Hours"), round(row.burden.total.total_seconds() / 3600)),
                (_("Night hours"), round(row.burden.nights.total_seconds() / 3600)),
                (_("Weekend hours"), round(row.burden.weekends.total_seconds() / 3600)),
                (_("Pages"), row.pages),
            ],
        )
        for row in rows
    ]
    most = [max((values[n][1] for _user, values in numbers), default=0) or 1 for n in range(4)]
    return [
        (
            user,
            [
                {"label": label, "value": value, "width": f"{100 * value / top:.1f}%"}
                for (label, value), top in zip(values, most, strict=True)
            ],
        )
        for user, values in numbers
    ]


def _turns(row: Rotation, known: dict[int, Any]) -> list[dict[str, Any]]:
    return [
        {"users": [known[pk] for pk in turn or () if pk in known], "planned": turn is None}
        for turn in row.members
    ]


def _named(report: selectors.Report) -> set[int]:
    """Everybody in an overlap."""
    return {user for each in report.crowds for user in each.users} | {each.user for each in report.doubled}


def _oddities(report: selectors.Report, known: dict[int, Any], now: dt.datetime) -> dict[str, Any]:
    """The overlaps with names, the planned empty stretches, and whether now is one of those."""
    keys = {key for each in report.doubled for key in each.schedules}
    names = {row.pk: row for row in Schedule.objects.filter(pk__in=keys)} if keys else {}
    doubled = [
        (each, known.get(each.user), [names[key] for key in each.schedules]) for each in report.doubled
    ]
    crowds = [(each, [known[user] for user in each.users if user in known]) for each in report.crowds]
    return {
        "doubled": doubled[:_SHOWN],
        "crowds": crowds[:_SHOWN],
        "overlap_count": len(doubled) + len(crowds),
        "planned": report.planned[:_SHOWN],
    }


def _paging(actor: Actor, schedule: Schedule) -> list[Any]:
    rows = selectors.policies_for_list(actor).filter(steps__targets__schedule=schedule)
    return list(rows.distinct())


def _zooms() -> list[tuple[str, str]]:
    return [
        ("day", _("Day")),
        ("week", _("Week")),
        ("fortnight", _("2 weeks")),
        ("month", _("Month")),
        ("quarter", _("Quarter")),
    ]

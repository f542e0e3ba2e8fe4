"""What waits for people about their shifts, and what they could give in exchange."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from oncall.choices import RequestStatus
from oncall.models import HandoffNote, Leave, Schedule, Shadow, ShiftPreference, ShiftRequest
from oncall.shift_times import served
from teams.actor import Actor
from teams.models import User

_AHEAD = dt.timedelta(days=60)
_MOST_EXCHANGES = 60
# An answer stays in sight, with its undo, until what it is about is over.
_ANSWERED = (RequestStatus.ACCEPTED, RequestStatus.DECLINED)


@dataclass(frozen=True)
class Exchange:
    """A coming shift of somebody else in the same schedule. `zone`: the reader's."""

    user: User
    start: dt.datetime
    end: dt.datetime
    zone: ZoneInfo

    @property
    def value(self) -> str:
        return f"{self.user.pk}|{self.start:%Y%m%dT%H%M}|{self.end:%Y%m%dT%H%M}"


def exchanges(schedule: Schedule, user_id: int, zone: ZoneInfo, now: dt.datetime) -> list[Exchange]:
    """Shifts of the coming 60 days that others serve, and could be had in return; at most 60."""
    rows = [
        row for row in served([schedule], now, now + _AHEAD) if row.start > now and row.user_id != user_id
    ]
    rows = rows[:_MOST_EXCHANGES]
    people = {user.pk: user for user in User.objects.active().filter(pk__in={row.user_id for row in rows})}
    return [Exchange(people[row.user_id], row.start, row.end, zone) for row in rows if row.user_id in people]


def requests_of(rows: QuerySet[ShiftRequest]) -> QuerySet[ShiftRequest]:
    """With everything a list of them shows, earliest first."""
    return rows.select_related("schedule__team", "user", "offered_to", "answered_by").order_by(
        "starts_at", "pk"
    )


def requests_for_me(actor: Actor, now: dt.datetime) -> list[ShiftRequest]:
    """Open requests the actor could answer."""
    return list(requests_of(ShiftRequest.objects.waiting_for(actor, now))[:50])


def my_requests(actor: Actor, now: dt.datetime) -> list[ShiftRequest]:
    """Requests about the actor's own shifts, open or answered, as long as they are of use."""
    party = Q(user_id=actor.user_id) | Q(offered_to_id=actor.user_id, status=RequestStatus.ACCEPTED)
    later = Q(ends_at__gt=now) | Q(back_ends_at__gt=now)
    rows = ShiftRequest.objects.visible_to(actor).filter(party, later)
    return list(requests_of(rows.filter(status__in=(RequestStatus.OPEN, *_ANSWERED)))[:50])


def open_requests(schedule: Schedule, now: dt.datetime) -> list[ShiftRequest]:
    """What is open in a schedule."""
    rows = ShiftRequest.objects.filter(schedule=schedule, status=RequestStatus.OPEN, ends_at__gt=now)
    return list(requests_of(rows)[:50])


def my_leave(user_id: int, now: dt.datetime) -> list[Leave]:
    """Leave that is not over."""
    rows = Leave.objects.filter(user_id=user_id, ends_at__gt=now)
    return list(rows.select_related("calendar").order_by("starts_at", "pk")[:100])


def leave_of_members(user_ids: Sequence[int], start: dt.datetime, end: dt.datetime) -> list[Leave]:
    """Leave of these people that touches [start, end)."""
    rows = Leave.objects.filter(user_id__in=user_ids, starts_at__lt=end, ends_at__gt=start)
    return list(rows.select_related("user").order_by("starts_at", "pk")[:200])


def preference_of(user_id: int) -> ShiftPreference:
    """How the person wants to be reminded; as by default when never said."""
    return ShiftPreference.objects.filter(user_id=user_id).first() or ShiftPreference(user_id=user_id)


def latest_notes(schedule: Schedule, now: dt.datetime, count: int = 3) -> list[HandoffNote]:
    """The latest handoff notes of the schedule, newest first."""
    rows = HandoffNote.objects.filter(schedule=schedule).exclude(text="", load=None)
    return list(rows.select_related("author").order_by("-shift_ends_at", "-pk")[:count])


def coming_shadows(schedule: Schedule, now: dt.datetime) -> list[Shadow]:
    """Who learns along now and later."""
    rows = Shadow.objects.filter(schedule=schedule, ends_at__gt=now).select_related("user", "follows")
    return list(rows.order_by("starts_at", "pk")[:50])

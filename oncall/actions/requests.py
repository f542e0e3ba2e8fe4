"""Asking somebody to serve instead: offer, accept, decline, take now, take back, undo."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.events import publish
from core.text import one_line
from oncall.actions.overrides import end_now
from oncall.actions.rotations import require_active
from oncall.actions.schedules import audit
from oncall.choices import OverrideKind, RequestKind, RequestStatus
from oncall.events import ShiftRequestChanged
from oncall.loading import load
from oncall.models import Override, Schedule, ShiftRequest
from oncall.permissions import may_cover, may_manage
from oncall.shift_times import served
from teams.actor import Actor

LONGEST = dt.timedelta(days=92)
MAX_OPEN = 100
Window = tuple[dt.datetime, dt.datetime]


def ask(
    *,
    actor: Actor,
    schedule_id: int,
    user_id: int,
    window: Window,
    offered_to_id: int | None = None,
    back: Window | None = None,
    note: str = "",
    now: dt.datetime,
) -> ShiftRequest:
    """Ask for cover of what `user_id` serves in `window`, or (with `back`) offer a swap to `offered_to_id`.

    For oneself, or on behalf of somebody by responders and managers of the team. Nothing changes until it
    is accepted. Whoever may answer is told; audited.
    """
    with transaction.atomic():
        schedule = _locked(actor, schedule_id)
        if user_id != actor.user_id and not may_cover(actor, schedule.team_id):
            raise NotAllowed(_("Only responders and managers of the team can ask on behalf of somebody."))
        window = _checked(schedule, user_id, window, now, ("starts_at", "ends_at"))
        if back is not None and offered_to_id is None:
            raise field_error("offered_to", _("Say with whom to swap."))
        if offered_to_id is not None:
            _check_offer(user_id, offered_to_id)
        if back is not None and offered_to_id is not None:
            back = _checked(schedule, offered_to_id, back, now, ("back_starts_at", "back_ends_at"))
            if back[0] < window[1] and window[0] < back[1]:
                raise field_error("back_starts_at", _("The two shifts overlap: there is nothing to swap."))
        _check_room(schedule, user_id, window)
        request = ShiftRequest.objects.create(
            schedule=schedule,
            kind=RequestKind.COVER if back is None else RequestKind.SWAP,
            user_id=user_id,
            offered_to_id=offered_to_id,
            starts_at=window[0],
            ends_at=window[1],
            back_starts_at=back[0] if back else None,
            back_ends_at=back[1] if back else None,
            note=one_line(note, 500),
            created_by_id=actor.user_id,
            created_at=now,
        )
        _tell(actor, request, "asked")
    return request


def accept(*, actor: Actor, request_id: int, now: dt.datetime) -> ShiftRequest:
    """Serve instead. Who was asked; with nobody named, any responder or manager of the team; for the one
    asked also their managers. Writes overrides that name the request; what has passed stays as served."""
    with transaction.atomic():
        request = _open(actor, request_id, now)
        serves = request.offered_to_id or actor.user_id
        if request.offered_to_id is None and not may_cover(actor, request.schedule.team_id):
            raise NotAllowed(_("Only responders and managers of the team can take this shift."))
        if request.offered_to_id not in (None, actor.user_id) and not _manages(actor, request):
            raise NotAllowed(_("This was offered to somebody else."))
        if serves is None or serves == request.user_id:
            raise Conflict(_("Somebody else has to take it."), code="own_request")
        require_active("user", {serves, request.user_id})
        _replace(actor, request, request.user_id, serves, (request.starts_at, request.ends_at), now)
        if request.back_starts_at is not None and request.back_ends_at is not None:
            back = (request.back_starts_at, request.back_ends_at)
            _replace(actor, request, serves, request.user_id, back, now)
        request.offered_to_id = serves
        _answer(actor, request, RequestStatus.ACCEPTED, now, "offered_to")
    return request


def decline(*, actor: Actor, request_id: int, now: dt.datetime) -> ShiftRequest:
    """ "I cannot": only who was named. The one who asked is told."""
    with transaction.atomic():
        request = _open(actor, request_id, now)
        if request.offered_to_id is None or request.offered_to_id != actor.user_id:
            raise NotAllowed(_("This was not offered to you alone; simply leave it."))
        _answer(actor, request, RequestStatus.DECLINED, now)
    return request


def cancel(*, actor: Actor, request_id: int, now: dt.datetime) -> ShiftRequest:
    """Take the question back while it is open: who asked, whose shift it is, and managers."""
    with transaction.atomic():
        request = _open(actor, request_id, now)
        if actor.user_id not in (request.user_id, request.created_by_id) and not _manages(actor, request):
            raise NotAllowed(_("Only who asked, or a manager, can take this back."))
        _answer(actor, request, RequestStatus.CANCELLED, now)
    return request


def undo(*, actor: Actor, request_id: int, now: dt.datetime) -> ShiftRequest:
    """Take back an accepted cover or swap as far as it has not been served: both people, and managers."""
    with transaction.atomic():
        request = _found(actor, request_id)
        if request.status != RequestStatus.ACCEPTED:
            raise Conflict(_("Only an accepted request can be undone."), code="not_accepted")
        parties = (request.user_id, request.offered_to_id, request.created_by_id)
        if actor.user_id not in parties and not _manages(actor, request):
            raise NotAllowed(_("Only the people of this swap, or a manager, can undo it."))
        coming = Override.objects.filter(request=request, ends_at__gt=now)
        rows = list(coming.order_by("pk").select_for_update(no_key=True))
        if not rows:
            raise Conflict(_("All of it has been served already."), code="in_the_past")
        for row in rows:
            end_now(row, now)
        _answer(actor, request, RequestStatus.UNDONE, now)
    return request


def take_now(
    *, actor: Actor, schedule_id: int, user_id: int, until: dt.datetime | None = None, now: dt.datetime
) -> ShiftRequest:
    """Relieve somebody this minute, until their present shift ends (or `until`). Can be undone.

    Responders and managers of the team; the one relieved is told.
    """
    if user_id == actor.user_id or actor.user_id is None:
        raise field_error("user", _("You serve already."))
    with transaction.atomic():
        schedule = _locked(actor, schedule_id)
        if not may_cover(actor, schedule.team_id):
            raise NotAllowed(_("Only responders and managers of the team can take a shift."))
        running = [
            row
            for row in served([schedule], now, now + dt.timedelta(microseconds=1))
            if row.user_id == user_id
        ]
        if not running:
            raise Conflict(_("This person is not on call now."), code="not_on_call")
        end = running[0].end if until is None else until
        window = _checked(schedule, user_id, (now, end), now, ("starts_at", "until"))
        request = ShiftRequest.objects.create(
            schedule=schedule,
            user_id=user_id,
            offered_to_id=actor.user_id,
            starts_at=window[0],
            ends_at=window[1],
            status=RequestStatus.ACCEPTED,
            answered_by_id=actor.user_id,
            answered_at=now,
            created_by_id=actor.user_id,
            created_at=now,
        )
        _replace(actor, request, user_id, actor.user_id, window, now)
        _tell(actor, request, "taken")
    return request


def expire_requests(*, now: dt.datetime) -> int:
    """Close what nobody answered before its time was over; returns how many."""
    rows = ShiftRequest.objects.filter(status=RequestStatus.OPEN, ends_at__lte=now)
    return rows.update(status=RequestStatus.EXPIRED, answered_at=now)


def close_for_leaver(*, actor: Actor, user_id: int, now: dt.datetime) -> int:
    """Nobody waits for somebody who has left: what they asked is taken back, what they were asked declined.

    The others concerned are told; returns how many were closed.
    """
    open_rows = ShiftRequest.objects.filter(status=RequestStatus.OPEN)
    mine = open_rows.filter(Q(user_id=user_id) | Q(offered_to_id=user_id)).order_by("schedule_id", "pk")
    closed = 0
    for schedule_id, request_id in mine.values_list("schedule_id", "pk"):
        Schedule.objects.select_for_update(no_key=True).get(pk=schedule_id)
        rows = open_rows.select_related("schedule").select_for_update(of=("self",), no_key=True)
        request = rows.filter(pk=request_id).first()
        if request is None:
            continue
        asked = request.user_id != user_id
        request.answered_by_id = user_id if asked else actor.user_id
        request.status, request.answered_at = (
            RequestStatus.DECLINED if asked else RequestStatus.CANCELLED,
            now,
        )
        request.save(update_fields=["status", "answered_by", "answered_at"])
        _tell(actor, request, request.status)
        closed += 1
    return closed


def _locked(actor: Actor, schedule_id: int) -> Schedule:
    rows = Schedule.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    schedule: Schedule | None = rows.filter(pk=schedule_id).first()
    if schedule is None:
        raise NotVisible
    return schedule


def _found(actor: Actor, request_id: int) -> ShiftRequest:
    """The request, locked after its schedule."""
    visible = ShiftRequest.objects.visible_to(actor)
    schedule_id = visible.filter(pk=request_id).values_list("schedule_id", flat=True).first()
    if schedule_id is None:
        raise NotVisible
    Schedule.objects.select_for_update(no_key=True).get(pk=schedule_id)
    rows = ShiftRequest.objects.select_related("schedule").select_for_update(of=("self",), no_key=True)
    return rows.get(pk=request_id)


def _open(actor: Actor, request_id: int, now: dt.datetime) -> ShiftRequest:
    request = _found(actor, request_id)
    if request.status != RequestStatus.OPEN:
        who = request.answered_by.name if request.answered_by else _("nobody")
        words = {"state": request.get_status_display().lower(), "who": who}
        raise Conflict(_("This request is closed: %(state)s (%(who)s).") % words, code="closed")
    if request.ends_at <= now:
        raise Conflict(_("The time it was about is over."), code="in_the_past")
    return request


def _manages(actor: Actor, request: ShiftRequest) -> bool:
    return may_manage(actor, request.schedule.team_id)


def _check_offer(user_id: int, offered_to_id: int) -> None:
    if offered_to_id == user_id:
        raise field_error("offered_to", _("Choose somebody else."))
    require_active("offered_to", {offered_to_id})


def _checked(
    schedule: Schedule, user_id: int, window: Window, now: dt.datetime, fields: tuple[str, str]
) -> Window:
    """The window from now on, in which the person must serve at least a part."""
    start, end = max(window[0], now), window[1]
    if end <= start:
        raise field_error(fields[1], _("This lies in the past, or before its beginning."))
    if end - start > LONGEST:
        raise field_error(fields[1], _("At most 92 days at once."))
    item = load([schedule], start=start, end=end)[schedule.pk]
    if not any(user_id in shift.users for shift in item.shifts(start, end)):
        raise field_error(fields[0], _("This person does not serve in that time."))
    return start, end


def _check_room(schedule: Schedule, user_id: int, window: Window) -> None:
    open_rows = schedule.requests.filter(status=RequestStatus.OPEN)
    mine = open_rows.filter(user_id=user_id, starts_at__lt=window[1], ends_at__gt=window[0])
    if mine.exists():
        raise Conflict(_("There is an open request for this time already."), code="asked_already")
    if open_rows.count() >= MAX_OPEN:
        raise Conflict(_("A schedule has at most 100 open requests."), code="too_many")


def _replace(
    actor: Actor, request: ShiftRequest, replaces: int, user: int, window: Window, now: dt.datetime
) -> None:
    start, end = max(window[0], now), window[1]
    if end <= start:
        return
    Override.objects.create(
        schedule=request.schedule,
        kind=OverrideKind.REPLACE,
        user_id=user,
        replaces_id=replaces,
        starts_at=start,
        ends_at=end,
        request=request,
        created_by_id=actor.user_id,
        created_at=now,
    )


def _answer(actor: Actor, request: ShiftRequest, status: str, now: dt.datetime, *fields: str) -> None:
    request.status, request.answered_by_id, request.answered_at = status, actor.user_id, now
    request.save(update_fields=["status", "answered_by", "answered_at", *fields])
    _tell(actor, request, status)


def _tell(actor: Actor, request: ShiftRequest, what: str) -> None:
    audit(actor, f"shift request {what}", request.schedule, request=request.pk, user=request.user_id)
    publish(
        ShiftRequestChanged(
            request_id=request.pk,
            schedule_id=request.schedule_id,
            what=what,
            actor_id=actor.user_id,
            actor_label=actor.label,
        )
    )

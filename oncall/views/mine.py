"""My shifts: what I serve, what is asked of me, when I am away, how I am reminded."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core import clock
from core.errors import NotVisible
from core.pages import actor_of
from oncall import selectors
from oncall.actions import handoff, leave, requests
from oncall.live import topics_of
from oncall.models import CalendarToken, Schedule, ShiftRequest
from oncall.people_forms import AskForm, LeaveForm, NoteForm, PreferenceForm, window_asked
from oncall.permissions import may_cover
from oncall.rows import whole
from oncall.views.schedules import visible
from teams.models import User
from teams.views.base import applied

_VERBS: dict[str, Any] = {
    "accept": (requests.accept, lambda: _("The shift is yours.")),
    "decline": (requests.decline, lambda: _("Declined. They will be told.")),
    "cancel": (requests.cancel, lambda: _("Taken back.")),
    "undo": (requests.undo, lambda: _("Undone: the rota is as before from now on.")),
}


def page(request: HttpRequest, *, status: int = 200, **refused: forms.Form) -> HttpResponse:
    """The page; `refused` are bound forms with their reasons: `leave_form` or `note_form`."""
    actor, now = actor_of(request), clock.now()
    user_id = request.user.pk or 0
    shifts = selectors.my_shifts(actor, now)
    wish = selectors.preference_of(user_id)
    initial = {"remind_minutes": wish.remind_minutes, "handoff_notices": wish.handoff_notices}
    running = [shift for shift in shifts if shift.running]
    context: dict[str, Any] = {
        "shifts": shifts,
        "running": running,
        "coming": next((shift for shift in shifts if not shift.running), None),
        "tokens": CalendarToken.objects.visible_to(actor).usable().select_related("schedule"),
        "secret_url": request.session.pop("oncall.calendar", ""),
        "for_me": selectors.requests_for_me(actor, now),
        "requests": selectors.my_requests(actor, now),
        "leave": selectors.my_leave(user_id, now),
        "leave_form": LeaveForm(),
        "preference_form": PreferenceForm(initial=initial),
        "note_form": NoteForm(),
        "note_for": running[0].schedule if running else None,
        "live_topics": topics_of(shift.schedule.team for shift in shifts),
        "live_until": min(
            (edge for each in shifts for edge in (each.start, each.end) if edge > now), default=None
        ),
        **refused,
    }
    return render(request, "oncall/pages/mine.html", context, status=status)


@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """My shifts in the coming 60 days, and all that goes with them."""
    return page(request)


@login_required
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for cover of a stretch, or offer a swap; `?user=` on behalf of somebody."""
    schedule, actor, now = visible(request, pk), actor_of(request), clock.now()
    user = _asked_for(request, schedule)
    zone = request.user.zone if isinstance(request.user, User) else schedule.zone
    offers = selectors.exchanges(schedule, user.pk, zone, now)
    start, end = window_asked(request.GET, now)
    form = AskForm(
        request.POST or None,
        initial={
            "starts_at": start,
            "ends_at": end,
            "back": request.GET.get("back", ""),
            "offered_to": whole(request.GET.get("offered_to", "")),
        },
        exchanges=offers,
        user_id=user.pk,
    )
    if request.method == "POST":
        made = applied(
            form,
            lambda _data: requests.ask(
                actor=actor, schedule_id=pk, user_id=user.pk, now=clock.now(), **form.asked()
            ),
        )
        if made is not None:
            messages.success(request, _("Asked. Nothing changes until somebody accepts."))
            return redirect("oncall:me" if user.pk == actor.user_id else schedule.get_absolute_url())
    context = {"form": form, "schedule": schedule, "user_asked": user, "others": user.pk != actor.user_id}
    return render(request, "oncall/pages/ask.html", context, status=422 if form.errors else 200)


def _asked_for(request: HttpRequest, schedule: Schedule) -> User:
    """Whose shift it is: the reader's own, or with `?user=` somebody's for whom they may ask."""
    actor = actor_of(request)
    wanted = whole(request.GET.get("user", "")) or actor.user_id
    user = User.objects.active().filter(pk=wanted).first()
    if user is None or (user.pk != actor.user_id and not may_cover(actor, schedule.team_id)):
        raise NotVisible
    return user


@login_required
@require_POST
def answer(request: HttpRequest, pk: str, verb: str) -> HttpResponse:
    """Accept, decline, take back or undo a request."""
    action, sentence = _VERBS[verb]
    row: ShiftRequest = action(actor=actor_of(request), request_id=int(pk), now=clock.now())
    messages.success(request, sentence())
    own = actor_of(request).user_id in (row.user_id, row.offered_to_id)
    return redirect("oncall:me" if own else row.schedule.get_absolute_url())


@login_required
@require_POST
def relieve(request: HttpRequest, pk: int) -> HttpResponse:
    """I take over from somebody who is on call, this minute."""
    visible(request, pk)
    user_id = whole(request.POST.get("user", "")) or 0
    row = requests.take_now(actor=actor_of(request), schedule_id=pk, user_id=user_id, now=clock.now())
    messages.success(request, _("You are on call now instead of %(who)s.") % {"who": row.user.name})
    return redirect("oncall:me")


@login_required
@require_POST
def add_leave(request: HttpRequest) -> HttpResponse:
    form, actor = LeaveForm(request.POST), actor_of(request)
    made = applied(
        form,
        lambda data: leave.add_leave(actor=actor, user_id=actor.user_id or 0, now=clock.now(), **data),
    )
    if made is None:
        return page(request, status=422, leave_form=form)
    messages.success(request, _("Noted. Whoever looks after your rotas is told where it meets a shift."))
    return redirect("oncall:me")


@login_required
@require_POST
def remove_leave(request: HttpRequest, pk: int) -> HttpResponse:
    leave.remove_leave(actor=actor_of(request), leave_id=pk)
    messages.success(request, _("Removed."))
    return redirect("oncall:me")


@login_required
@require_POST
def reminders(request: HttpRequest) -> HttpResponse:
    """How I am reminded of shifts."""
    form, actor = PreferenceForm(request.POST), actor_of(request)
    saved = applied(form, lambda data: handoff.set_preference(actor=actor, **data))
    if saved is None:
        return page(request, status=422, preference_form=form)
    messages.success(request, _("Saved."))
    return redirect("oncall:me")


@login_required
@require_POST
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """The note of my shift for whoever comes next."""
    visible(request, pk)
    form, actor = NoteForm(request.POST), actor_of(request)
    saved = applied(
        form, lambda data: handoff.write_note(actor=actor, schedule_id=pk, now=clock.now(), **data)
    )
    if saved is None:
        return page(request, status=422, note_form=form)
    messages.success(request, _("Written. The next person gets it with their notice."))
    return redirect("oncall:me")

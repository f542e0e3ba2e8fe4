"""A schedule: its page, and the forms around it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core import clock
from core.errors import DomainError, NotAllowed, NotVisible, field_error
from core.pages import actor_of
from oncall import board, selectors
from oncall.actions import overrides, rotations, schedules
from oncall.api.fields import instant
from oncall.forms import OverrideForm, RotationForm, ScheduleForm, people, rotation_initial, turns_of
from oncall.models import Override, Rotation, Schedule
from oncall.permissions import may_cover, may_manage
from oncall.rows import grouped
from teams.views.base import attach


def visible(request: HttpRequest, pk: int) -> Schedule:
    """The schedule, or NotVisible."""
    row = Schedule.objects.visible_to(actor_of(request)).select_related("team").filter(pk=pk).first()
    if row is None:
        raise NotVisible
    return row  # type: ignore[no-any-return]


def manageable(request: HttpRequest, pk: int) -> Schedule:
    """The schedule, or NotVisible or NotAllowed."""
    schedule = visible(request, pk)
    if not may_manage(actor_of(request), schedule.team_id):
        raise NotAllowed("Only a manager of the team can change its schedules.")
    return schedule


@login_required
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Two weeks (`?zoom=day|week|fortnight|month|quarter`) from today (`?day=`)."""
    actor, now, schedule = actor_of(request), clock.now(), visible(request, pk)
    zoom = request.GET.get("zoom", board.DEFAULT_ZOOM)
    start, end, first = board.window(schedule, zoom, request.GET.get("day", ""), now)
    picture = board.build(schedule, start, end, now)
    length = board.ZOOMS.get(zoom, board.ZOOMS[board.DEFAULT_ZOOM])
    living = schedule.rotations.living()
    members = {user for rotation in living for user in rotations.people_of(rotation)}
    known = people_by_id(members)
    context = {
        "schedule": schedule,
        "board": picture,
        "upcoming": board.upcoming(picture.shifts, now),
        "now_row": next(
            (row for row in selectors.on_call_overview(actor, now) if row.schedule == schedule), None
        ),
        "gaps": selectors.gaps_ahead([schedule], now).get(schedule.pk),
        "rotations": [(row, _turns(row, known)) for row in living],
        "overrides": Override.objects.filter(schedule=schedule, ends_at__gt=now).select_related(
            "user", "replaces"
        ),
        "policies": _paging(request, schedule),
        "zooms": _zooms(),
        "zoom": zoom if zoom in board.ZOOMS else board.DEFAULT_ZOOM,
        "earlier": (first - dt.timedelta(days=length)).isoformat(),
        "later": (first + dt.timedelta(days=length)).isoformat(),
        "may_manage": may_manage(actor, schedule.team_id),
        "may_cover": may_cover(actor, schedule.team_id),
    }
    return render(request, "oncall/pages/schedule.html", context)


def people_by_id(ids: set[int]) -> dict[int, Any]:
    """Users by id, in one statement."""
    return {user.pk: user for user in people().model.objects.filter(pk__in=ids)}


def _turns(row: Rotation, known: dict[int, Any]) -> list[list[Any]]:
    return [[known[pk] for pk in turn if pk in known] for turn in row.members]


def _paging(request: HttpRequest, schedule: Schedule) -> list[Any]:
    rows = selectors.policies_for_list(actor_of(request)).filter(steps__targets__schedule=schedule)
    return list(rows.distinct())


def _zooms() -> list[tuple[str, str]]:
    return [
        ("day", _("Day")),
        ("week", _("Week")),
        ("fortnight", _("2 weeks")),
        ("month", _("Month")),
        ("quarter", _("Quarter")),
    ]


@login_required
def create(request: HttpRequest) -> HttpResponse:
    form = ScheduleForm(request.POST or None, actor=actor_of(request))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data

        def save() -> Schedule:
            return schedules.create_schedule(
                actor=actor_of(request),
                team_id=data["team"].pk,
                name=data["name"],
                timezone=data["timezone"],
            )

        if (row := _saved(form, save)) is not None:
            return redirect("oncall:schedule", pk=row.pk)
    return _form_page(request, form, title=_("New schedule"), back="/oncall/")


@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    schedule = manageable(request, pk)
    initial = {"name": schedule.name, "timezone": schedule.timezone}
    form = ScheduleForm(request.POST or None, actor=actor_of(request), schedule=schedule, initial=initial)
    if request.method == "POST" and form.is_valid():

        def save() -> Schedule:
            return schedules.update_schedule(actor=actor_of(request), schedule_id=pk, **form.cleaned_data)

        if _saved(form, save) is not None:
            return redirect("oncall:schedule", pk=pk)
    return _form_page(
        request, form, title=_("Edit schedule"), back=schedule.get_absolute_url(), schedule=schedule
    )


@login_required
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks for the name first: what people served goes with the schedule."""
    schedule = manageable(request, pk)
    if request.method == "POST":
        if request.POST.get("name", "").strip() != schedule.name:
            messages.error(request, _("The name does not match; nothing was deleted."))
        else:
            schedules.delete_schedule(actor=actor_of(request), schedule_id=pk)
            messages.success(request, _("%(name)s was deleted.") % {"name": schedule.name})
            return redirect("oncall:overview")
    return render(request, "oncall/pages/delete_schedule.html", {"schedule": schedule})


@login_required
def rotation(request: HttpRequest, pk: int, rotation_id: int | None = None) -> HttpResponse:
    """Add a rotation, or change one from now on."""
    schedule = manageable(request, pk)
    old = None
    if rotation_id is not None:
        old = next((row for row in schedule.rotations.living() if row.public_id == rotation_id), None)
        if old is None:
            raise NotVisible
    turns = turns_of(request.POST) if request.method == "POST" else (old.members if old else [[]])
    initial = rotation_initial(old) if old else _first_turn(schedule)
    saving = request.method == "POST" and not request.POST.get("op")
    form = RotationForm(request.POST if saving else None, initial=initial)
    if request.method == "POST" and not saving:
        form = RotationForm(initial={**initial, **_typed(request, form)})
    errors: dict[str, list[str]] = {}
    if saving and form.is_valid():
        try:
            _save_rotation(request, schedule, old, form.values(old, [turn for turn in turns if turn]))
        except DomainError as error:
            if isinstance(error, NotVisible):
                raise
            errors, _others = grouped(error, ["members"])
            attach(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("oncall:schedule", pk=pk)
    context = {
        "schedule": schedule,
        "rotation": old,
        "form": form,
        "turns": turns or [[]],
        "people": list(people()),
        "turn_errors": [reason for reasons in errors.values() for reason in reasons],
    }
    status = 422 if form.errors or errors else 200
    return render(request, "oncall/pages/rotation_form.html", context, status=status)


def _typed(request: HttpRequest, form: forms.Form) -> dict[str, Any]:
    """What stands in the fields now, to show it again unchecked."""
    return {
        name: request.POST.getlist(name) if name == "by_day" else request.POST.get(name, "")
        for name in form.fields
    }


def _first_turn(schedule: Schedule) -> dict[str, Any]:
    here = rotations.wall_now(schedule, clock.now())
    monday = (here - dt.timedelta(days=here.weekday())).date()
    return {"starts_at": f"{monday.isoformat()}T09:00"}


def _save_rotation(
    request: HttpRequest, schedule: Schedule, old: Rotation | None, values: dict[str, Any]
) -> Rotation:
    if old is None:
        return rotations.add_rotation(actor=actor_of(request), schedule_id=schedule.pk, values=values)
    return rotations.update_rotation(actor=actor_of(request), rotation_id=old.public_id, values=values)


@login_required
@require_POST
def delete_rotation(request: HttpRequest, pk: int, rotation_id: int) -> HttpResponse:
    visible(request, pk)
    rotations.delete_rotation(actor=actor_of(request), rotation_id=rotation_id)
    messages.success(request, _("The rotation ends now; what it served stays in the record."))
    return redirect("oncall:schedule", pk=pk)


@login_required
def override(request: HttpRequest, pk: int) -> HttpResponse:
    """Change who serves for a while."""
    schedule = visible(request, pk)
    if not may_cover(actor_of(request), schedule.team_id):
        raise NotAllowed("Only responders and managers of the team can change who covers.")
    form = OverrideForm(request.POST or None, initial={"user": request.user.pk, **_asked(request)})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data

        def save() -> Override:
            return overrides.add_override(
                actor=actor_of(request),
                schedule_id=pk,
                kind=data["kind"],
                user_id=data["user"].pk if data["user"] else None,
                replaces_id=data["replaces"].pk if data["replaces"] else None,
                starts_at=data["starts_at"].astimezone(clock.UTC),
                ends_at=data["ends_at"].astimezone(clock.UTC),
            )

        if _saved(form, save) is not None:
            messages.success(request, _("The override is in place."))
            return redirect("oncall:schedule", pk=pk)
    back = schedule.get_absolute_url()
    return _form_page(request, form, title=_("Change who covers"), back=back, schedule=schedule)


def _asked(request: HttpRequest) -> dict[str, Any]:
    """Times to begin with, from the link of a gap."""
    found = {name: instant(request.GET.get(name, "")) for name in ("starts_at", "ends_at")}
    return {name: value for name, value in found.items() if value is not None}


@login_required
@require_POST
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """I serve this stretch instead of whoever would."""
    visible(request, pk)
    start, end = (instant(request.POST.get(name, "")) for name in ("start", "end"))
    if start is None or end is None:
        raise field_error("start", "The shift could not be read.")
    row = overrides.add_override(
        actor=actor_of(request),
        schedule_id=pk,
        user_id=request.user.pk,
        starts_at=max(start, clock.now().replace(microsecond=0)),
        ends_at=end,
    )
    messages.success(request, _("The shift is yours."))
    return redirect(f"{row.schedule.get_absolute_url()}#upcoming")


@login_required
@require_POST
def delete_override(request: HttpRequest, pk: int, override_id: int) -> HttpResponse:
    visible(request, pk)
    overrides.delete_override(actor=actor_of(request), override_id=override_id)
    messages.success(request, _("The override ends now."))
    return redirect("oncall:schedule", pk=pk)


def _saved(form: forms.Form, save: Callable[[], Any]) -> Any:
    """What `save` returns; None when it refuses, with the reasons in the form."""
    try:
        return save()
    except NotVisible:
        raise
    except DomainError as error:
        attach(form, error)
        return None


def _form_page(request: HttpRequest, form: forms.Form, **context: Any) -> HttpResponse:
    status = 422 if form.errors else 200
    return render(request, "oncall/pages/form.html", {"form": form, **context}, status=status)

"""The forms around a schedule."""

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
from oncall.actions import overrides, rotations, schedules
from oncall.api.fields import instant
from oncall.choices import WEEKDAYS
from oncall.forms import (
    OverrideForm,
    RotationForm,
    ScheduleForm,
    filled_windows,
    people,
    rotation_initial,
    shown_turns,
    turns_of,
    windows_of,
)
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


def people_by_id(ids: set[int]) -> dict[int, Any]:
    """Users by id, in one statement."""
    return {user.pk: user for user in people().model.objects.filter(pk__in=ids)}


@login_required
def create(request: HttpRequest) -> HttpResponse:
    def save(values: dict[str, Any]) -> Schedule:
        team = values.pop("team")
        return schedules.create_schedule(actor=actor_of(request), team_id=team.pk, **values)

    return _schedule_form(request, None, save, title=_("New schedule"), back="/oncall/")


@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    schedule = manageable(request, pk)

    def save(values: dict[str, Any]) -> Schedule:
        return schedules.update_schedule(actor=actor_of(request), schedule_id=pk, **values)

    return _schedule_form(request, schedule, save, title=_("Edit schedule"), back=schedule.get_absolute_url())


def _schedule_form(
    request: HttpRequest,
    schedule: Schedule | None,
    save: Callable[[dict[str, Any]], Schedule],
    **context: Any,
) -> HttpResponse:
    """The form of a schedule with its rows of planned empty hours."""
    names = ("name", "timezone", "holiday_region")
    initial = {name: getattr(schedule, name) for name in names} if schedule else {}
    windows = schedule.unstaffed_hours if schedule else []
    options: dict[str, Any] = {"actor": actor_of(request), "schedule": schedule}
    form = ScheduleForm(initial=initial, **options)
    if request.method == "POST":
        windows = windows_of(request.POST)
        form = ScheduleForm(request.POST, **options)
        if request.POST.get("op"):
            form = ScheduleForm(initial={**initial, **_typed(request, form)}, **options)
        elif any(bool(window["from"]) != bool(window["to"]) for window in windows):
            form.add_error(None, _("Planned empty hours need both times."))
        elif form.is_valid():
            try:
                row = save({**form.cleaned_data, "unstaffed_hours": filled_windows(windows)})
            except DomainError as error:
                if isinstance(error, NotVisible):
                    raise
                attach(form, error)
            else:
                return redirect("oncall:schedule", pk=row.pk)
    context |= {
        "form": form,
        "schedule": schedule,
        "windows": windows,
        "weekdays": list(WEEKDAYS.items()),
    }
    status = 422 if form.errors else 200
    return render(request, "oncall/pages/schedule_form.html", context, status=status)


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
            _save_rotation(
                request, schedule, old, form.values(old, [turn for turn in turns if turn is None or turn])
            )
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
        "turns": shown_turns(turns) or [[]],
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
    back, title = schedule.get_absolute_url(), _("Change who covers")
    if request.method == "GET" and request.headers.get("HX-Request"):
        return render(request, "oncall/partials/cover_dialog.html", {"form": form, "schedule": schedule})
    return _form_page(request, form, title=title, back=back, schedule=schedule)


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

"""Foreign calendars: those of a schedule, and a person's own of leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core.errors import DomainError, NotAllowed, NotVisible
from core.pages import actor_of
from oncall.actions import external
from oncall.forms import CalendarForm, people
from oncall.models import ExternalCalendar, Schedule
from oncall.permissions import may_manage
from oncall.rows import numbers, whole
from oncall.views.schedules import visible
from teams.views.base import attach


@dataclass(frozen=True)
class Shelf:
    """Where calendars belong: to a schedule, or (None) to the person who looks."""

    schedule: Schedule | None
    owner: dict[str, Any]
    may_manage: bool

    @property
    def url(self) -> str:
        return f"{self.schedule.get_absolute_url()}calendars/" if self.schedule else "/oncall/me/calendars/"

    def rows(self, request: HttpRequest) -> Any:
        found = ExternalCalendar.objects.visible_to(actor_of(request)).filter(**self.owner)
        return found.filter(removed_at__isnull=True)

    def row(self, request: HttpRequest, pk: int) -> ExternalCalendar:
        row: ExternalCalendar | None = self.rows(request).filter(pk=pk).first()
        if row is None:
            raise NotVisible
        return row


def _shelf(request: HttpRequest, schedule_pk: int | None) -> Shelf:
    if schedule_pk is None:
        return Shelf(None, {"user_id": request.user.pk or 0}, may_manage=True)
    schedule = visible(request, schedule_pk)
    return Shelf(schedule, {"schedule_id": schedule.pk}, may_manage(actor_of(request), schedule.team_id))


def _changeable(request: HttpRequest, schedule_pk: int | None) -> Shelf:
    shelf = _shelf(request, schedule_pk)
    if not shelf.may_manage:
        raise NotAllowed("Only a manager of the team can change its calendars.")
    return shelf


@login_required
def calendars(request: HttpRequest, schedule_pk: int | None = None) -> HttpResponse:
    """The calendars with how they are doing, and a form to add one."""
    shelf = _shelf(request, schedule_pk) if request.method == "GET" else _changeable(request, schedule_pk)
    form = CalendarForm(leave=shelf.schedule is None)
    if request.method == "POST":
        form = CalendarForm(request.POST, request.FILES, leave=shelf.schedule is None)
        if form.is_valid():
            try:
                external.add_calendar(actor=actor_of(request), **shelf.owner, **form.values())
            except NotVisible:
                raise
            except DomainError as error:
                attach(form, error)
            else:
                messages.success(request, _("The calendar was added."))
                return redirect(shelf.url)
    context = {"shelf": shelf, "schedule": shelf.schedule, "rows": shelf.rows(request), "form": form}
    return render(request, "oncall/pages/calendars.html", context, status=422 if form.errors else 200)


@login_required
def calendar(request: HttpRequest, pk: int, schedule_pk: int | None = None) -> HttpResponse:
    """Rename it, move it to another layer, point it elsewhere, and say who its unknown names are."""
    shelf = _changeable(request, schedule_pk)
    row = shelf.row(request, pk)
    initial = {"name": row.name, "layer": row.layer}
    form = CalendarForm(initial=initial, leave=shelf.schedule is None)
    names = list(dict.fromkeys([*row.people, *row.unmatched]))
    if request.method == "POST":
        form = CalendarForm(request.POST, request.FILES, leave=shelf.schedule is None)
        if form.is_valid():
            values = form.values()
            values["url"] = values["url"] or None
            if shelf.schedule is not None:
                values["people"] = _chosen(request, names)
            try:
                external.update_calendar(actor=actor_of(request), calendar_id=row.pk, **values)
            except NotVisible:
                raise
            except DomainError as error:
                attach(form, error)
            else:
                messages.success(request, _("Saved."))
                return redirect(shelf.url)
    context = {
        "shelf": shelf,
        "schedule": shelf.schedule,
        "row": row,
        "form": form,
        "names": [(name, row.people.get(name)) for name in names] if shelf.schedule else [],
        "people": list(people()),
    }
    return render(request, "oncall/pages/calendar.html", context, status=422 if form.errors else 200)


def _chosen(request: HttpRequest, names: list[str]) -> dict[str, int]:
    """{name: person's id} of the rows sent; only names that were asked about."""
    found = {}
    for number in numbers(request.POST, "name-row"):
        text = request.POST.get(f"text-{number}", "")
        user = whole(request.POST.get(f"person-{number}", ""))
        if text in names and user is not None:
            found[text] = user
    return found


@login_required
@require_POST
def refresh(request: HttpRequest, pk: int, schedule_pk: int | None = None) -> HttpResponse:
    shelf = _changeable(request, schedule_pk)
    external.refresh_calendar(actor=actor_of(request), calendar_id=shelf.row(request, pk).pk)
    messages.success(request, _("The calendar is read within half a minute."))
    return redirect(shelf.url)


@login_required
def remove(request: HttpRequest, pk: int, schedule_pk: int | None = None) -> HttpResponse:
    """Asks first; what the calendar served stays in the record."""
    shelf = _changeable(request, schedule_pk)
    row = shelf.row(request, pk)
    if request.method == "POST":
        external.remove_calendar(actor=actor_of(request), calendar_id=row.pk)
        messages.success(request, _("The calendar was removed."))
        return redirect(shelf.url)
    context = {"shelf": shelf, "schedule": shelf.schedule, "row": row}
    return render(request, "oncall/pages/remove_calendar.html", context)

"""The people of a document: owners with backups, and whoever comes to the meetings."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core.pages import actor_of, wants_part
from postmortems import actions
from postmortems.actions.people import OWNERS, PEOPLE
from postmortems.choices import Part, PostmortemStatus
from postmortems.forms.review import AttendeeForm, PeopleForm
from postmortems.models import Attendee, Postmortem
from postmortems.views.shown import visible
from postmortems.views.tried import applied


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest, pk: int) -> HttpResponse:
    """The card of the people, as a part of the document or as a page; POST names owners and backups."""
    visible(actor_of(request), pk)
    if request.method != "POST":
        return _show(request, pk)
    form = PeopleForm(request.POST)

    def save(_data: dict[str, Any]) -> Postmortem:
        return actions.set_people(actor=actor_of(request), postmortem_id=pk, **form.values())

    return _done(request, pk) if applied(form, save) else _show(request, pk, status=422, form=form)


@login_required
@require_POST
def attendees(request: HttpRequest, pk: int) -> HttpResponse:
    """Add an attendee (user, part), or take one away (remove)."""
    actor = actor_of(request)
    visible(actor, pk)
    gone = request.POST.get("remove", "")
    if gone:
        row_id = int(gone) if gone.isascii() and gone.isdigit() and len(gone) < 19 else 0
        actions.remove_attendee(actor=actor, postmortem_id=pk, attendee_id=row_id)
        return _done(request, pk)
    form = AttendeeForm(request.POST)

    def add(data: dict[str, Any]) -> Attendee:
        return actions.add_attendee(actor=actor, postmortem_id=pk, user_id=data["user"].pk, part=data["part"])

    return _done(request, pk) if applied(form, add) else _show(request, pk, status=422, adding=form)


def _done(request: HttpRequest, pk: int) -> HttpResponse:
    return _show(request, pk) if wants_part(request) else redirect(f"/postmortems/{pk}/people/")


def _show(request: HttpRequest, pk: int, *, status: int = 200, **more: Any) -> HttpResponse:
    actor = actor_of(request)
    row = Postmortem.objects.visible_to(actor).select_related("incident", *PEOPLE).get(pk=pk)
    may_write = (
        row.status != PostmortemStatus.CLOSED and Postmortem.objects.allowing(actor).filter(pk=pk).exists()
    )
    held: dict[str, list[Attendee]] = {}
    for one in Attendee.objects.filter(postmortem=row).select_related("user").order_by("pk"):
        held.setdefault(one.part, []).append(one)
    labels = {
        "owner": _("Owner"),
        "organiser": _("Retrospective organiser"),
        "process_owner": _("Process-change owner"),
    }
    context: dict[str, Any] = {
        "postmortem": row,
        "owners": [
            {"label": labels[name], "person": getattr(row, name), "backup": getattr(row, f"{name}_backup")}
            for name in OWNERS
        ],
        "parts": [{"label": part.label, "rows": held[part]} for part in Part if held.get(part)],
        "may_write": may_write,
    }
    if may_write:
        context["form"] = PeopleForm(initial={name: getattr(row, f"{name}_id") for name in PEOPLE})
        context["adding"] = AttendeeForm()
    whole = not wants_part(request)
    name = "pages/people.html" if whole else "partials/people.html"
    return render(request, f"postmortems/{name}", context | more, status=status)

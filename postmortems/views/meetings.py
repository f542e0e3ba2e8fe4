"""Meetings of a document: called, changed, called off, held, and as a file for a calendar."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from core.errors import NotAllowed, NotVisible
from core.pages import actor_of
from postmortems import actions
from postmortems.actions.invitations import address_of, invitation_of
from postmortems.choices import MeetingKind
from postmortems.forms.review import HoldForm, MeetingForm
from postmortems.invitations import PUBLISH, calendar
from postmortems.models import Attendee, Meeting, Postmortem
from postmortems.selectors.review import agenda_for, proposed_time
from postmortems.views.shown import visible
from postmortems.views.tried import applied
from postmortems.writing.markdown import to_html


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, pk: int) -> HttpResponse:
    """Call a meeting; time and agenda are proposed. `kind`: review or follow_up."""
    actor = actor_of(request)
    postmortem = visible(actor, pk)
    if not Postmortem.objects.allowing(actor).filter(pk=pk).exists():
        raise NotAllowed("Only those who respond to the incident can call its meetings.")
    kind = (request.POST if request.method == "POST" else request.GET).get("kind", "")
    kind = kind if kind in MeetingKind.values else MeetingKind.REVIEW
    if request.method == "POST":
        form = MeetingForm(request.POST)

        def plan(data: dict[str, Any]) -> Meeting:
            data = data | {"kind": kind}
            return actions.plan_meeting(actor=actor, postmortem_id=pk, **data)

        made = applied(form, plan)
        if made is not None:
            return redirect(address_of(made))
    else:
        at = proposed_time(postmortem, kind, clock.now())
        form = MeetingForm(initial={"kind": kind, "starts_at": at, "agenda": agenda_for(postmortem)})
    return _form(request, postmortem, form, kind, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int, meeting_id: int) -> HttpResponse:
    """Another time, place, length or agenda."""
    actor, row = actor_of(request), _found(request, pk, meeting_id)
    if not Postmortem.objects.allowing(actor).filter(pk=pk).exists():
        raise NotAllowed("Only those who respond to the incident can change its meetings.")
    names = ("starts_at", "minutes", "place", "agenda")
    if request.method == "POST":
        form = MeetingForm(request.POST)

        def change(data: dict[str, Any]) -> Meeting:
            values = {name: data[name] for name in names}
            return actions.change_meeting(actor=actor, postmortem_id=pk, meeting_id=meeting_id, **values)

        if applied(form, change):
            return redirect(address_of(row))
    else:
        form = MeetingForm(initial={name: getattr(row, name) for name in names})
    return _form(request, row.postmortem, form, row.kind, row, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def meeting(request: HttpRequest, pk: int, meeting_id: int) -> HttpResponse:
    """One meeting; POST writes down that it was held, who came and what was said."""
    actor, row = actor_of(request), _found(request, pk, meeting_id)
    attendees = Attendee.objects.filter(postmortem_id=pk).select_related("user").order_by("part", "pk")
    may_write = Postmortem.objects.allowing(actor).filter(pk=pk).exists()
    is_review = row.kind == MeetingKind.REVIEW
    form = None
    if request.method == "POST":
        form = HoldForm(request.POST, attendees=attendees)

        def hold(data: dict[str, Any]) -> Meeting:
            came = [each.pk for each in data["attended"]] if is_review else None
            return actions.hold_meeting(
                actor=actor,
                postmortem_id=pk,
                meeting_id=meeting_id,
                held_at=data["held_at"],
                attended=came,
                notes=data["notes"],
            )

        if applied(form, hold):
            return redirect(address_of(row))
    elif may_write and row.cancelled_at is None:
        came = [each.pk for each in attendees if each.attended or (each.attended is None and not row.held_at)]
        form = HoldForm(
            initial={
                "held_at": row.held_at or min(row.starts_at, clock.now()),
                "attended": came,
                "notes": row.notes,
            },
            attendees=attendees,
        )
    if form is not None and not is_review:
        del form.fields["attended"]
    context = {
        "meeting": row,
        "postmortem": row.postmortem,
        "attendees": attendees,
        "is_review": is_review,
        "agenda": to_html(row.agenda),
        "notes": to_html(row.notes),
        "may_write": may_write,
        "form": form,
        "ics_url": f"{address_of(row).rstrip('/')}.ics",
    }
    refused = form is not None and form.is_bound
    return render(request, "postmortems/pages/meeting.html", context, status=422 if refused else 200)


@login_required
@require_POST
def cancel(request: HttpRequest, pk: int, meeting_id: int) -> HttpResponse:
    """Call it off."""
    row = _found(request, pk, meeting_id)
    actions.cancel_meeting(actor=actor_of(request), postmortem_id=pk, meeting_id=meeting_id)
    return redirect(row.postmortem.get_absolute_url())


@login_required
def download(request: HttpRequest, pk: int, meeting_id: int) -> HttpResponse:
    """The meeting as a file for a calendar."""
    row = _found(request, pk, meeting_id)
    text = calendar(invitation_of(row, clock.now()), PUBLISH)
    answer = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="meeting-{row.pk}.ics"'
    answer["Cache-Control"] = "private, no-store"
    return answer


def _found(request: HttpRequest, pk: int, meeting_id: int) -> Meeting:
    postmortem = visible(actor_of(request), pk)
    row: Meeting | None = Meeting.objects.filter(postmortem=postmortem, pk=meeting_id).first()
    if row is None:
        raise NotVisible
    row.postmortem = postmortem
    return row


def _form(
    request: HttpRequest,
    postmortem: Postmortem,
    form: MeetingForm,
    kind: str,
    row: Meeting | None = None,
    *,
    status: int,
) -> HttpResponse:
    context = {
        "form": form,
        "postmortem": postmortem,
        "meeting": row,
        "kind_label": MeetingKind(kind).label,
        "invited": Attendee.objects.filter(postmortem=postmortem).count(),
        "back": address_of(row) if row else postmortem.get_absolute_url(),
    }
    return render(request, "postmortems/pages/meeting_form.html", context, status=status)

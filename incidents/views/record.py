"""Rows of what is known of an incident: one impact row, one criterion, and what a severity would do."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core import clock
from core.errors import InvalidInput, NotVisible
from core.pages import actor_of, done
from incidents import actions, hooks
from incidents.actions import severity_list
from incidents.forms.record import ImpactRowForm
from incidents.models import ImpactRow, Incident, SeverityLevel
from incidents.priority import matrix, suggest
from incidents.selectors import for_page
from incidents.views.verbs import attach
from services.models import Service


@login_required
def impact_row(request: HttpRequest, number: int, row_id: int) -> HttpResponse:
    """Correct an impact row, say that it is over, or take it away."""
    actor = actor_of(request)
    incident, row = _row(request, number, row_id)
    initial = {name: getattr(row, name) for name in _COPIED}
    initial |= {"service": row.service_id, **{name: ", ".join(getattr(row, name)) for name in _LISTS}}
    form = ImpactRowForm(request.POST or None, actor=actor, incident=incident, initial=initial)
    del form.fields["service"]
    if request.method == "POST" and "remove" in request.POST:
        actions.remove_impact(actor=actor, number=number, row_id=row_id)
        return redirect(incident.get_absolute_url())
    if request.method == "POST" and "over" in request.POST:
        actions.end_impact(actor=actor, number=number, row_id=row_id)
        return redirect(incident.get_absolute_url())
    if request.method == "POST" and form.is_valid():
        try:
            actions.edit_impact(actor=actor, number=number, row_id=row_id, **form.facts())
        except InvalidInput as error:
            attach(form, error)
        else:
            return redirect(incident.get_absolute_url())
    context = {"incident": incident, "row": row, "form": form}
    status = 422 if form.errors else 200
    return render(request, "incidents/pages/impact_row.html", context, status=status)


_COPIED = (
    "condition",
    "reach",
    "started_at",
    "ended_at",
    "customers",
    "requests_failed",
    "tickets",
    "data_lost",
    "note",
)
_LISTS = ("regions", "segments")


def _row(request: HttpRequest, number: int, row_id: int) -> tuple[Incident, ImpactRow]:
    actor = actor_of(request)
    incident = for_page(actor, number)
    row = incident.impact_rows.select_related("service").filter(pk=row_id).first() if incident else None
    if incident is None or row is None:
        raise NotVisible
    if row.service_id and not Service.objects.visible_to(actor).filter(pk=row.service_id).exists():
        raise NotVisible
    return incident, row


@login_required
@require_POST
def criterion(request: HttpRequest, number: int, criterion_id: int) -> HttpResponse:
    """Tick a criterion (`met` 1 or 0), or take it away (`remove`)."""
    actor, url = actor_of(request), f"/incidents/{number}/"
    if "remove" in request.POST:
        actions.remove_criterion(actor=actor, number=number, criterion_id=criterion_id)
        return done(request, url, _("Taken away"))
    met = request.POST.get("met") != "0"
    actions.tick_criterion(actor=actor, number=number, criterion_id=criterion_id, met=met)
    return done(request, url)


@login_required
def severity_preview(request: HttpRequest, number: int) -> HttpResponse:
    """What the chosen severity would page, promise and need; a part of its dialog."""
    incident = for_page(actor_of(request), number)
    if incident is None:
        raise NotVisible
    text = request.GET.get("severity", "")
    level = SeverityLevel.objects.filter(pk=int(text)).first() if text and text in "01234" else None
    context = {
        "incident": incident,
        "plan": severity_list.plan(incident, level, clock.now()) if level else None,
        "budgets": hooks.budgets(actor_of(request), number),
        "suggestion": suggest(incident.impact_rows.select_related("service"), matrix()),
    }
    return render(request, "incidents/partials/severity_preview.html", context)

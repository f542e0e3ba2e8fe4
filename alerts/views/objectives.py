"""Objectives: list, form, page, and the part of a service's page that shows them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from alerts.actions import objectives as actions
from alerts.forms.objectives import ObjectiveForm
from alerts.models import Objective
from alerts.slo import selectors
from alerts.views import objective_figures as figures
from alerts.watch import selectors as watched
from core import clock
from core.errors import InvalidInput, NotAllowed, NotVisible
from core.pages import actor_of, keyset
from services.models import Service

_CURL = """curl -X POST '{url}' \\
  -H 'Authorization: Bearer TOKEN' \\
  -H 'Content-Type: application/json' \\
  -d '{{"counts": [{{"at": "{at}", "good": 9987, "total": 10000}}]}}'"""
_FILTERS = ("state", "team", "service", "q")


@login_required
def objective_list(request: HttpRequest) -> HttpResponse:
    """Every objective the viewer may see, newest first."""
    actor = actor_of(request)
    rows = selectors.objectives(
        actor,
        q=request.GET.get("q", ""),
        state=request.GET.getlist("state"),
        team=request.GET.getlist("team"),
        service=request.GET.get("service", ""),
    )
    page = keyset(rows, request.GET.get("cursor", ""))
    context = {
        "page": page,
        "rows": [figures.shown(row) for row in page.rows],
        "facets": selectors.facets(actor),
        "chosen": [(name, value) for name in _FILTERS[:3] for value in request.GET.getlist(name)],
        "asked": any(request.GET.get(name) for name in _FILTERS),
        "may_add": actor.manages_any,
    }
    return render(request, "alerts/pages/objectives.html", context)


@login_required
def objective_new(request: HttpRequest) -> HttpResponse:
    """Make one."""
    if not actor_of(request).manages_any:
        raise NotAllowed("Only a manager of a team can set up objectives.")
    return _form(request, None)


@login_required
def objective_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one."""
    row = actions.visible(actor_of(request), pk)
    if not actor_of(request).manages(row.team_id):
        raise NotAllowed("Only a manager of its team can change an objective.")
    return _form(request, row)


def _form(request: HttpRequest, row: Objective | None) -> HttpResponse:
    actor = actor_of(request)
    initial = ObjectiveForm.of(row)
    if row is None:
        initial["service"] = request.GET.get("service")
    form = ObjectiveForm(request.POST or None, actor=actor, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            saved = actions.save_objective(
                actor=actor, objective_id=row.pk if row else None, **form.fields_of_action()
            )
        except InvalidInput as error:
            form.refuse(error.fields, error.sentence)
        else:
            return redirect(saved.get_absolute_url())
    context = {"form": form, "objective": row}
    return render(request, "alerts/pages/objective_form.html", context, status=422 if form.errors else 200)


@login_required
def objective_page(request: HttpRequest, pk: int) -> HttpResponse:
    """How much of its budget is left, how fast it goes, how it went down, and what it opened."""
    actor = actor_of(request)
    row = actions.visible(actor, pk)
    now = clock.now()
    url = f"{settings.BASE_URL}/api/v1/objectives/{row.pk}/counts/"
    start = actions.bucket_of(now)
    context = {
        "objective": row,
        "shown": figures.shown(row),
        "budget": figures.unit_of(row),
        "rates": figures.rates(row),
        "chart": figures.burn_down(selectors.history(row, now)),
        "curl": _CURL.format(url=url, at=f"{start:%Y-%m-%dT%H:%MZ}"),
        "lacks_source": actions.lacks_source(row),
        "alerts": watched.alerts_over(row.integration_id),
        "may_change": actor.manages(row.team_id),
    }
    return render(request, "alerts/pages/objective.html", context)


@login_required
@require_POST
def objective_change(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Switch off, switch on, delete."""
    actor = actor_of(request)
    if what == "delete":
        actions.delete_objective(actor=actor, objective_id=pk)
        return redirect("alerts:objectives")
    row = actions.switch_objective(actor=actor, objective_id=pk, on=what == "switch-on")
    return redirect(row.get_absolute_url())


@login_required
def service_panel(request: HttpRequest, slug: str) -> HttpResponse:
    """The objectives of one service, for its page: the least budget first."""
    actor = actor_of(request)
    service = Service.objects.visible_to(actor).filter(slug=slug).first()
    if service is None:
        raise NotVisible
    context: dict[str, Any] = {
        "service": service,
        "rows": [figures.shown(row) for row in selectors.of_services(actor, [service.pk])],
        "may_add": actor.manages(service.team_id),
    }
    return render(request, "alerts/partials/objective_panel.html", context)

"""Taking over what the catalog proposes for an incident: impact, and who knows a service."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core.errors import NotVisible
from core.pages import actor_of, wants_part
from incidents import actions
from incidents.choices import ImpactCondition
from incidents.selectors import for_page
from incidents.views.pages import shared
from incidents.views.parts import LAZY, State
from oncall.rows import whole
from services.models import Service


@login_required
@require_POST
def accept(request: HttpRequest, number: int) -> HttpResponse:
    """`service`: ids; `condition-<id>`: how each does, degraded when it is not given. `only`: one of them as
    `<id>:<condition>`."""
    actor = actor_of(request)
    if for_page(actor, number) is None:
        raise NotVisible
    conditions = _chosen(request)
    seen = set(Service.objects.visible_to(actor).filter(pk__in=conditions).values_list("pk", flat=True))
    chosen = {pk: condition for pk, condition in conditions.items() if pk in seen}
    note = _("By the dependencies of the catalog.")
    actions.add_impacts(actor=actor, number=number, conditions=chosen, note=note)
    return _again(request, number)


@login_required
@require_POST
def expert(request: HttpRequest, number: int) -> HttpResponse:
    """Page whoever is on call for `service` (its id), as an expert."""
    actor = actor_of(request)
    if for_page(actor, number) is None:
        raise NotVisible
    service_id = whole(request.POST.get("service", ""))
    if service_id is None:
        raise NotVisible
    actions.call_expert(actor=actor, number=number, service_id=service_id)
    return _again(request, number)


def _again(request: HttpRequest, number: int) -> HttpResponse:
    """The part as it is now; the whole page without script."""
    actor = actor_of(request)
    incident = for_page(actor, number)
    if incident is None:
        raise NotVisible
    if not wants_part(request):
        return redirect(incident.get_absolute_url())
    state, part = State(actor, incident), LAZY["graph"]
    return render(request, part.template, shared(state) | part.build(state))


def _chosen(request: HttpRequest) -> dict[int, str]:
    data = request.POST
    one, colon, condition = data.get("only", "").partition(":")
    if colon and (pk := whole(one)) is not None:
        return {pk: _known(condition)}
    ids = [pk for text in data.getlist("service")[:50] if (pk := whole(text)) is not None]
    return {pk: _known(data.get(f"condition-{pk}", "")) for pk in ids}


def _known(condition: str) -> str:
    return condition if condition in ImpactCondition.values else ImpactCondition.DEGRADED

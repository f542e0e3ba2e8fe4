"""Giving a service to another team."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from core.errors import NotVisible
from core.forms import offer
from core.pages import actor_of
from services import actions
from services.models import Service
from services.selectors.page import offer_of
from services.views.pages import managed
from teams.models import Team
from teams.views.base import applied


class TransferForm(forms.Form):
    to_team = forms.ModelChoiceField(Team.objects.none(), label=gettext_lazy("To which team"))
    note = forms.CharField(
        label=gettext_lazy("What they should know"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, teams: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, to_team=teams)


@login_required
def transfer(request: HttpRequest, slug: str) -> HttpResponse:
    """Offer the service to another team."""
    service, actor = managed(request, slug), actor_of(request)
    teams = Team.objects.visible_to(actor).exclude(pk=service.team_id).order_by("name")
    form = TransferForm(request.POST or None, teams=teams)
    if (
        request.method == "POST"
        and applied(
            form,
            lambda data: actions.ask_transfer(
                actor=actor, service_id=service.pk, to_team_id=data["to_team"].pk, note=data["note"]
            ),
        )
        is not None
    ):
        messages.success(request, _("Offered. Their managers find it under “Needs me”."))
        return redirect("services:detail", slug=slug)
    context = {"service": service, "form": form, "offer": offer_of(service, actor)}
    return render(request, "services/pages/transfer.html", context, status=422 if form.errors else 200)


_VERBS = {
    "accept": (actions.accept_transfer, gettext_lazy("The service is yours now.")),
    "decline": (actions.decline_transfer, gettext_lazy("Declined.")),
    "withdraw": (actions.withdraw_transfer, gettext_lazy("Withdrawn.")),
}


@login_required
@require_POST
def answer(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Accept, decline or withdraw an offer."""
    if verb not in _VERBS:
        raise NotVisible
    act, said = _VERBS[verb]
    actor = actor_of(request)
    row = act(actor=actor, transfer_id=pk)
    messages.success(request, str(said))
    seen: Service | None = Service.objects.visible_to(actor).filter(pk=row.service_id).first()
    return redirect(seen.get_absolute_url() if seen else "/")

"""The noise page."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from alerts.noise import DAYS, report
from core import clock
from core.pages import actor_of
from services.models import Service
from teams.models import Team


@login_required
def noise(request: HttpRequest) -> HttpResponse:
    """What fired most, and from each a rule that would quieten it."""
    actor = actor_of(request)
    word = request.GET.get("days", "7")
    days = int(word) if word in {str(each) for each in DAYS} else 7
    team, service = request.GET.get("team", "")[:60], request.GET.get("service", "")[:63]
    shown = report(actor, days=days, now=clock.now(), team=team, service=service)
    context = {
        "report": shown,
        "day_choices": [(1, _("Last day")), (7, _("7 days")), (30, _("30 days"))],
        "teams": Team.objects.visible_to(actor).values_list("slug", "name"),
        "of_service": Service.objects.visible_to(actor).filter(slug=service).first() if service else None,
    }
    return render(request, "alerts/pages/noise.html", context)

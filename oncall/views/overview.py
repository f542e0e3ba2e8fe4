"""Who is on call, and calendar links."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core import clock
from core.errors import DomainError
from core.pages import actor_of
from oncall import selectors
from oncall.actions import calendars
from oncall.api.policies import feed_path
from oncall.rows import whole
from teams.models import Team


@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """Who is on call now, by team, until when and who is next; `?team=` narrows."""
    actor, now = actor_of(request), clock.now()
    rows = selectors.on_call_overview(actor, now)
    wanted = set(request.GET.getlist("team"))
    teams = {row.schedule.team.slug: row.schedule.team for row in rows}
    shown = [row for row in rows if not wanted & teams.keys() or row.schedule.team.slug in wanted]
    gaps = selectors.gaps_ahead([row.schedule for row in shown], now)
    policies = [
        policy
        for policy in selectors.policies_for_list(actor).order_by("team__name", "-is_default", "name")
        if not wanted or policy.team.slug in wanted
    ]
    context: dict[str, Any] = {
        "rows": [(row, gaps.get(row.schedule.pk)) for row in shown],
        "gap_count": len(gaps),
        "next": selectors.next_shift(request.user.pk or 0, now),
        "until": selectors.on_call_until(request.user.pk or 0, now),
        "teams": [(slug, team.name) for slug, team in teams.items()] if len(teams) > 1 else [],
        "policies": policies,
        "may_create": Team.objects.manageable_by(actor).exists(),
    }
    return render(request, "oncall/pages/overview.html", context)


@login_required
@require_POST
def create_link(request: HttpRequest) -> HttpResponse:
    """A new calendar link, shown once on the next page."""
    schedule_id = whole(request.POST.get("schedule", ""))
    try:
        token, secret = calendars.create_calendar_token(actor=actor_of(request), schedule_id=schedule_id)
    except DomainError as error:
        messages.error(request, error.sentence)
    else:
        request.session["oncall.calendar"] = f"{settings.BASE_URL}{feed_path(token)}?token={secret}"
    return redirect("oncall:me")


@login_required
@require_POST
def revoke_link(request: HttpRequest, pk: int) -> HttpResponse:
    calendars.revoke_calendar_token(actor=actor_of(request), token_id=pk)
    messages.success(request, _("The calendar link no longer works."))
    return redirect("oncall:me")

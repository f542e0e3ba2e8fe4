"""Who learns along in a schedule."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core import clock
from core.pages import actor_of
from oncall import selectors
from oncall.actions import handoff
from oncall.people_forms import ShadowForm
from oncall.permissions import may_cover, may_manage
from oncall.views.schedules import visible
from teams.views.base import applied


@login_required
def shadows(request: HttpRequest, pk: int) -> HttpResponse:
    """The list, and a form to add somebody."""
    schedule, actor, now = visible(request, pk), actor_of(request), clock.now()
    form = ShadowForm(request.POST or None, initial={"user": request.user.pk})
    if request.method == "POST":
        made = applied(
            form,
            lambda data: handoff.add_shadow(
                actor=actor,
                schedule_id=pk,
                user_id=data["user"].pk,
                follows_id=data["follows"].pk if data["follows"] else None,
                starts_at=data["starts_at"],
                ends_at=data["ends_at"],
                now=now,
            ),
        )
        if made is not None:
            messages.success(request, _("%(who)s learns along.") % {"who": made.user.name})
            return redirect("oncall:shadows", pk=pk)
    context = {
        "schedule": schedule,
        "rows": selectors.coming_shadows(schedule, now),
        "form": form,
        "may_add": may_cover(actor, schedule.team_id),
        "may_manage": may_manage(actor, schedule.team_id),
    }
    return render(request, "oncall/pages/shadows.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def remove(request: HttpRequest, pk: int, shadow_id: int) -> HttpResponse:
    visible(request, pk)
    handoff.remove_shadow(actor=actor_of(request), shadow_id=shadow_id, now=clock.now())
    messages.success(request, _("It ends now."))
    return redirect("oncall:shadows", pk=pk)

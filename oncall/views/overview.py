"""Who is on call, and calendar links."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST

from core import clock
from core.errors import DomainError
from core.pages import actor_of
from oncall import selectors
from oncall.actions import calendars
from oncall.api.fields import FIRST_YEAR, LAST_YEAR
from oncall.api.policies import feed_path
from oncall.live import topics_of
from oncall.people_forms import moment
from oncall.rows import whole
from teams.models import Team

# The answer looks 400 days back and ahead of the instant, within the years that can be computed.
_MARGIN_YEARS = 2


class AtForm(forms.Form):
    """The instant asked about, in the reader's zone."""

    at = moment(_lazy("Who is on call at"), required=False)

    def clean_at(self) -> dt.datetime | None:
        at: dt.datetime | None = self.cleaned_data["at"]
        if at is not None and not FIRST_YEAR + _MARGIN_YEARS <= at.year <= LAST_YEAR - _MARGIN_YEARS:
            raise forms.ValidationError(_("Choose a time between 1972 and 2198."))
        return at


@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """Who is on call by team, until when and who is next: now, or at `?at=`; `?team=` narrows."""
    actor, now = actor_of(request), clock.now()
    form = AtForm(request.GET if request.GET.get("at") else None)
    asked = form.cleaned_data["at"] if form.is_bound and form.is_valid() else None
    at = asked or now
    rows = selectors.on_call_overview(actor, at)
    wanted = set(request.GET.getlist("team"))
    teams = {row.schedule.team.slug: row.schedule.team for row in rows}
    shown = [row for row in rows if not wanted & teams.keys() or row.schedule.team.slug in wanted]
    # Of the days ahead of the reader: beside another instant they would say nothing.
    gaps = selectors.gaps_ahead([row.schedule for row in shown], now) if asked is None else {}
    policies = [
        policy
        for policy in selectors.policies_for_list(actor).order_by("team__name", "-is_default", "name")
        if not wanted or policy.team.slug in wanted
    ]
    context: dict[str, Any] = {
        "rows": [(row, gaps.get(row.schedule.pk)) for row in shown],
        "gap_count": len(gaps),
        "form": form,
        "asked": asked,
        "wanted": sorted(wanted & teams.keys()),
        "next": selectors.next_shift(request.user.pk or 0, now),
        "until": selectors.on_call_until(request.user.pk or 0, now),
        "teams": [(slug, team.name) for slug, team in teams.items()] if len(teams) > 1 else [],
        "policies": policies,
        "live_topics": topics_of([row.schedule.team for row in shown] + [policy.team for policy in policies]),
        "live_until": None if asked else selectors.changes_at(row for row in shown),
        "may_create": Team.objects.manageable_by(actor).exists(),
    }
    status = 422 if form.errors else 200
    return render(request, "oncall/pages/overview.html", context, status=status)


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

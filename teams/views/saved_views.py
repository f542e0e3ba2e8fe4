"""Saving a list's filters under a name."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core.errors import field_error
from core.pages import actor_of, done
from teams.actions.saved_views import delete_view, save_view
from teams.models import Team
from teams.saved_views import PAGES


@login_required
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep the filters that are shown, and show them again under their name."""
    actor = actor_of(request)
    word = request.POST.get("team", "")
    team = Team.objects.visible_to(actor).filter(slug=word[:60]).first() if word else None
    if word and team is None:
        raise field_error("team", "There is no such team.")
    view, _new = save_view(
        actor=actor,
        page=request.POST.get("page", ""),
        name=request.POST.get("name", ""),
        query=request.POST.get("query", ""),
        team_id=team.pk if team else None,
    )
    return redirect(view.address)


@login_required
@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete one, and show the whole list."""
    view = delete_view(actor=actor_of(request), view_id=pk)
    return done(request, PAGES[view.page], _("View deleted"))

"""Saved views: a list's filters under a name, for oneself or a team."""

from __future__ import annotations

from django.db import transaction

from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import one_line
from teams.actor import Actor
from teams.models import SavedView, User
from teams.saved_views import PAGES, clean_query

MOST = 30


def save_view(
    *, actor: Actor, page: str, name: str, query: str, team_id: int | None = None
) -> tuple[SavedView, bool]:
    """Keep the filters of an address under a name; the same name again replaces it (then False). With `team_id` the
    team sees it too: only for teams the actor belongs to. At most 30 a person and page."""
    if actor.user_id is None:
        raise NotAllowed("Only a person can save a view.")
    name = one_line(name, 60)
    if not name:
        raise field_error("name", "A view needs a name.")
    if page not in PAGES:
        raise field_error("page", f"One of {', '.join(PAGES)}.")
    if team_id is not None and team_id not in actor.teams_with():
        raise field_error("team", "You do not belong to this team.")
    kept = clean_query(query)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=actor.user_id)
        mine = SavedView.objects.filter(user_id=actor.user_id, page=page)
        if not mine.filter(name=name).exists() and mine.count() >= MOST:
            raise Conflict(f"At most {MOST} saved views. Delete one first.", code="too_many_views")
        return SavedView.objects.update_or_create(
            user_id=actor.user_id, page=page, name=name, defaults={"query": kept, "team_id": team_id}
        )


def delete_view(*, actor: Actor, view_id: int) -> SavedView:
    """Delete a view of one's own; managers may delete those shared with their team."""
    with transaction.atomic():
        rows = SavedView.objects.visible_to(actor).select_for_update(of=("self",))
        view: SavedView | None = rows.filter(pk=view_id).first()
        if view is None:
            raise NotVisible
        if view.user_id != actor.user_id and not (view.team_id and actor.manages(view.team_id)):
            raise NotAllowed("Only who saved a view, or a manager of its team, can delete it.")
        view.delete()
    return view

"""Rows of the on-call pages."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import gettext as _

from oncall.choices import RequestStatus
from oncall.models import ShiftRequest
from oncall.permissions import may_cover, may_manage
from teams.actor import Actor

register = template.Library()


@register.inclusion_tag("oncall/partials/request.html", takes_context=True)
def shift_request(context: dict[str, Any], row: ShiftRequest) -> dict[str, Any]:
    """A cover or swap request with the buttons the reader may press."""
    actor: Actor = context["request"].actor
    return {
        "row": row,
        "buttons": _buttons(row, actor),
        "csrf_token": context.get("csrf_token"),
        "tone": {RequestStatus.OPEN: "warn", RequestStatus.ACCEPTED: "ok"}.get(
            RequestStatus(row.status), "quiet"
        ),
    }


def _buttons(row: ShiftRequest, actor: Actor) -> list[tuple[str, str, str]]:
    """(verb, label, variant). Actions check again; this only leaves out what would be refused."""
    manages = may_manage(actor, row.schedule.team_id)
    asked = actor.user_id in (row.user_id, row.created_by_id)
    if row.status == RequestStatus.ACCEPTED:
        party = asked or actor.user_id == row.offered_to_id
        return [("undo", _("Undo"), "default")] if party or manages else []
    if row.status != RequestStatus.OPEN:
        return []
    found = []
    mine = row.offered_to_id == actor.user_id
    anybody = row.offered_to_id is None and may_cover(actor, row.schedule.team_id)
    if actor.user_id != row.user_id and (mine or anybody or manages):
        found.append(("accept", _("Accept"), "primary"))
    if mine:
        found.append(("decline", _("I cannot"), "default"))
    if asked or manages:
        found.append(("cancel", _("Take back"), "quiet"))
    return found

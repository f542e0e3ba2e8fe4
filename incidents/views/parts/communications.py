"""What was said to whom, what is promised, what waits; and what customers reported."""

from __future__ import annotations

from typing import Any

from incidents.models import Follow
from incidents.views.parts.base import Part, State
from incidents.words import questions_of, reports_of, tickets_of, words_of


def _words(state: State) -> dict[str, Any]:
    mine = Follow.objects.filter(incident=state.incident, user_id=state.actor.user_id or 0)
    words = words_of(
        state.incident,
        state.actor,
        updates=state.has("updates"),
        promises=state.has("promises"),
    )
    return {"words": words, "follows": mine.exists()}


def _support(state: State) -> dict[str, Any]:
    pk = state.incident.pk
    reports = reports_of([pk], state.now).get(pk) if state.has("reports") else None
    return {
        "reports": reports,
        "tickets": tickets_of(state.incident) if reports else [],
        "questions": questions_of([pk]).get(pk, []) if state.has("questions") else [],
    }


PARTS = (
    Part("communications", "incidents/partials/update_card.html", _words),
    Part("support", "incidents/partials/support_card.html", _support),
)

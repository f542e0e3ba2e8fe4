"""Suspected causes as cards."""

from __future__ import annotations

from typing import Any

from incidents.choices import CauseState
from incidents.models import SuspectedCause
from incidents.views.parts.base import Part, State

_ORDER = (CauseState.CONFIRMED, CauseState.TESTING, CauseState.SUSPECTED, CauseState.RULED_OUT)


def _causes(state: State) -> dict[str, Any]:
    """Confirmed first, then what is being looked at; ruled out ones folded away. One statement."""
    found = SuspectedCause.objects.filter(incident=state.incident).select_related("owner")
    rows = list(found) if state.has("causes") else []
    rows.sort(key=lambda row: (_ORDER.index(CauseState(row.state)), row.position, row.pk))
    return {
        "causes": [row for row in rows if row.state != CauseState.RULED_OUT],
        "causes_ruled_out": [row for row in rows if row.state == CauseState.RULED_OUT],
        "cause_states": CauseState.choices,
    }


PARTS = (Part("causes", "incidents/partials/causes.html", _causes),)

"""Who suffers, what is likely the cause, what changed upstream: fetched after the page, for all walk the graph."""

from __future__ import annotations

from typing import Any

from incidents.bearing import bearing, who_knows
from incidents.choices import ImpactCondition
from incidents.views.parts.base import AROUND, Part, State
from services.selectors import near_changes

_CHANGES = 12


def _graph(state: State) -> dict[str, Any]:
    found = bearing(state.incident, state.services, state.actor)
    may_call = {"page", "assign_role"} <= state.verbs
    return {
        "bearing": found,
        "knows": who_knows(state.incident, found, state.services, state.now) if may_call else [],
        "proposes": "edit_impact" in state.verbs and bool(found.proposals),
        "more": max(0, found.suffering - len(found.proposals)),
        "conditions": [
            (ImpactCondition.UNAVAILABLE, ImpactCondition.UNAVAILABLE.label),
            (ImpactCondition.DEGRADED, ImpactCondition.DEGRADED.label),
            (ImpactCondition.OPERATIONAL, ImpactCondition.OPERATIONAL.label),
        ],
    }


def _changes(state: State) -> dict[str, Any]:
    """What changed here and upstream until two hours after the start, the likeliest first."""
    start = state.incident.started_at
    until = min(state.until, start + AROUND)
    rows = near_changes(
        state.service_ids, state.actor, start=start, since=start - AROUND, until=until, limit=_CHANGES
    )
    return {"changes": rows}


LAZY = (
    Part("graph", "incidents/partials/graph.html", _graph),
    Part("changes", "incidents/partials/changes.html", _changes),
)

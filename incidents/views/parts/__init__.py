"""The parts of an incident's page. Each module here has `PARTS`."""

from __future__ import annotations

from incidents.views.parts import causes, communications, graph, overview, record, roles, tasks, timeline
from incidents.views.parts.base import Part, State

PARTS: dict[str, Part] = {
    part.name: part
    for part in (
        *overview.PARTS,
        *record.PARTS,
        *timeline.PARTS,
        *causes.PARTS,
        *communications.PARTS,
        *roles.PARTS,
        *tasks.PARTS,
    )
}

# Fetched once the page stands: what costs more than the rest of it.
LAZY: dict[str, Part] = {part.name: part for part in graph.LAZY}

__all__ = ["LAZY", "PARTS", "Part", "State"]

"""The parts of an incident's page. Each module here has `PARTS`."""

from __future__ import annotations

from incidents.views.parts import overview
from incidents.views.parts.base import Part, State

PARTS: dict[str, Part] = {part.name: part for part in (*overview.PARTS,)}

__all__ = ["PARTS", "Part", "State"]

"""The verbs of an incident as dialogs. Each module here has `VERBS`: name in the address → `Verb`."""

from __future__ import annotations

from incidents.views.dialogs import lifecycle
from incidents.views.dialogs.base import Verb

VERBS: dict[str, Verb] = {**lifecycle.VERBS}

__all__ = ["VERBS", "Verb"]

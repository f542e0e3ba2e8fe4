"""The verbs of an incident as dialogs. Each module here has `VERBS`: name in the address → `Verb`."""

from __future__ import annotations

from incidents.views.dialogs import causes, communications, lifecycle, record, roles, support, tasks, timeline
from incidents.views.dialogs.base import Verb

VERBS: dict[str, Verb] = {
    **lifecycle.VERBS,
    **record.VERBS,
    **timeline.VERBS,
    **causes.VERBS,
    **communications.VERBS,
    **support.VERBS,
    **roles.VERBS,
    **tasks.VERBS,
}

__all__ = ["VERBS", "Verb"]

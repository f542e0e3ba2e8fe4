from __future__ import annotations

from core.errors import Conflict


class ForbiddenTransition(Conflict):
    """The incident's present state may not be followed by the one asked for."""

    code = "forbidden_transition"


class NotFinished(Conflict):
    """Something that must hold before this state does not hold yet."""

    code = "condition_not_met"

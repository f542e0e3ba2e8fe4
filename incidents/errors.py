from __future__ import annotations

from core.errors import Conflict


class ForbiddenTransition(Conflict):
    """The incident's present state may not be followed by the one asked for."""

    code = "forbidden_transition"


class NotFinished(Conflict):
    """Something that must hold before this state does not hold yet."""

    code = "condition_not_met"


class ChangedMeanwhile(Conflict):
    """Somebody else changed the same since it was read; `fields` holds the present values by name."""

    code = "changed_meanwhile"
    sentence = "Somebody changed this while you were writing."

"""What follows from facts of lower rooms."""

from __future__ import annotations

from core import clock
from core.events import subscribe
from oncall.actions.policies import ensure_default
from teams.events import TeamCreated


@subscribe(TeamCreated, name="oncall.default_policy")
def team_created(event: TeamCreated) -> None:
    """A new team can be paged from the start."""
    ensure_default(team_id=event.team_id, now=clock.now())

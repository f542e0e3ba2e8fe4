"""Who may change what in a team's on-call set-up."""

from __future__ import annotations

from teams.actor import Actor


def may_manage(actor: Actor, team_id: int | None) -> bool:
    """Schedules, rotations and policies: managers of the team, admins."""
    return actor.manages(team_id)


def may_cover(actor: Actor, team_id: int | None) -> bool:
    """Overrides: responders of the team too."""
    return actor.responds(team_id)

"""Who may change what in a team's on-call set-up; the only place here that names roles."""

from __future__ import annotations

from teams.actor import Actor
from teams.choices import Scope, TeamRole


def may_manage(actor: Actor, team_id: int | None) -> bool:
    """Schedules, rotations and policies: managers of the team, admins."""
    return actor.manages(team_id)


def may_cover(actor: Actor, team_id: int | None) -> bool:
    """Overrides: responders of the team too."""
    role = actor.roles.get(team_id) if team_id is not None else None
    responds = role in (TeamRole.RESPONDER, TeamRole.MANAGER) and Scope.RESPOND in actor.scopes
    return may_manage(actor, team_id) or responds

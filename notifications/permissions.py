"""Who may do what here. The only place that asks for roles."""

from __future__ import annotations

from teams.actor import Actor
from teams.choices import Scope


def may_change_person(actor: Actor, user_id: int) -> bool:
    """A person's contact methods and rules: the person alone, admins to repair."""
    if Scope.MANAGE not in actor.scopes or actor.bound_team_id is not None:
        return False
    return actor.user_id == user_id or actor.is_admin


def may_add_console(actor: Actor) -> bool:
    """The server log is read by those who run the server."""
    return actor.is_admin


def may_retry(actor: Actor) -> bool:
    """Sending a failed delivery once more."""
    return actor.is_admin and actor.bound_team_id is None and Scope.MANAGE in actor.scopes


def may_change_limits(actor: Actor) -> bool:
    """How fast pages go out, for everybody."""
    return may_retry(actor)


def may_set_up_providers(actor: Actor) -> bool:
    """The accounts by which everybody is reached."""
    return actor.is_admin and actor.bound_team_id is None and Scope.MANAGE in actor.scopes

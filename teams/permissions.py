"""The verb × role table of teams, people and tokens; the only place here that names roles.

How an actor stands to what a verb is about ("standing"):
admin    instance role admin; through a bound token only within that team
manager  manager of the team
self     the person the verb is about
member   belongs to the team in any role
reader   anybody signed in
Whether something is seen at all is decided by the querysets, before this table.
"""

from __future__ import annotations

from core.errors import NotAllowed
from teams.actor import Actor
from teams.choices import Scope, TeamRole

_ADMIN = frozenset({"admin"})
_TEAM = frozenset({"admin", "manager"})
_OWN = frozenset({"self"})

TABLE: dict[str, frozenset[str]] = {
    "create team": _ADMIN,
    "change team": _TEAM,
    "set member": _TEAM,
    "remove member": _TEAM | _OWN,
    "invite to team": _TEAM,
    "invite person": _ADMIN,
    "create person": _ADMIN,
    "change profile": _ADMIN | _OWN,
    "change password": _OWN,
    "change e-mail": _ADMIN,
    "set instance role": _ADMIN,
    "reset sign-in": _ADMIN,
    "deactivate": _ADMIN,
    "reactivate": _ADMIN,
    "end sessions": _ADMIN | _OWN,
    "create token": _OWN,
    "revoke token": _ADMIN | _OWN,
    "see e-mail": frozenset({"admin", "manager", "self"}),
}

SENTENCES = {
    _ADMIN: "Only an admin can do that.",
    _TEAM: "Only a manager of the team or an admin can do that.",
}


def standings(actor: Actor, *, team_id: int | None = None, person_id: int | None = None) -> frozenset[str]:
    """How the actor stands to this team and this person."""
    found = {"reader"}
    if actor.is_system or (actor.is_admin and actor.bound_team_id in (None, team_id)):
        found.add("admin")
    role = actor.roles.get(team_id) if team_id is not None else None
    if role:
        found.add("member")
    if role == TeamRole.MANAGER:
        found.add("manager")
    if person_id is not None and person_id == actor.user_id:
        found.add("self")
    return frozenset(found)


def allows(actor: Actor, verb: str, *, team_id: int | None = None, person_id: int | None = None) -> bool:
    """Whether the table lets the actor do `verb`; KeyError for an unknown verb. Needs the manage scope."""
    allowed = TABLE[verb]
    if Scope.MANAGE not in actor.scopes:
        return False
    return bool(allowed & standings(actor, team_id=team_id, person_id=person_id))


def require(actor: Actor, verb: str, *, team_id: int | None = None, person_id: int | None = None) -> None:
    """Raise `NotAllowed` unless `allows`."""
    if not allows(actor, verb, team_id=team_id, person_id=person_id):
        raise NotAllowed(SENTENCES.get(TABLE[verb]))


def sees_emails(actor: Actor) -> bool:
    """Whether the actor sees everybody's address: admins, and managers of any team."""
    return actor.is_system or actor.manages_any

"""Who is acting: a small frozen object made once per request, socket or task."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from teams.choices import Scope, TeamRole

if TYPE_CHECKING:
    from teams.models import APIToken, User

ALL_SCOPES = frozenset(Scope.values)


@dataclass(frozen=True)
class Actor:
    """A person (through session, token or reply), or the system itself (`user_id` None).

    `roles`: team id → role. `group_ids`: the guardian groups of those teams. `via`: web, api, mail,
    rule, system. `bound_team_id`: a token that acts in one team alone.
    """

    user_id: int | None
    label: str
    via: str = "web"
    is_admin: bool = False
    is_support: bool = False
    roles: dict[int, str] = field(default_factory=dict)
    group_ids: frozenset[int] = frozenset()
    scopes: frozenset[str] = ALL_SCOPES
    token_id: int | None = None
    bound_team_id: int | None = None

    @property
    def is_system(self) -> bool:
        return self.user_id is None

    def teams_with(self, *roles: str) -> list[int]:
        """Ids of the teams in which the actor holds one of `roles` (any role when none is named)."""
        return [team for team, role in self.roles.items() if not roles or role in roles]

    def manages(self, team_id: int | None) -> bool:
        """Whether the actor may change the set-up of that team."""
        if self.is_system:
            return True
        if Scope.MANAGE not in self.scopes:
            return False
        if self.is_admin:
            return self.bound_team_id in (None, team_id)
        return team_id is not None and self.roles.get(team_id) == TeamRole.MANAGER

    def responds(self, team_id: int | None) -> bool:
        """Whether the actor may work on what is that team's: its responders and managers, admins."""
        if self.manages(team_id):
            return True
        if Scope.RESPOND not in self.scopes:
            return False
        if self.is_admin:
            return self.bound_team_id in (None, team_id)
        return team_id is not None and self.roles.get(team_id) in (TeamRole.MANAGER, TeamRole.RESPONDER)

    @property
    def manages_any(self) -> bool:
        return self.is_admin or TeamRole.MANAGER in self.roles.values()


def system_actor(label: str = "Watchbill", via: str = "system") -> Actor:
    """The product itself, for work nobody asked for by hand."""
    return Actor(user_id=None, label=label, via=via, is_admin=True)


def actor_for(user: User, *, via: str = "web", token: APIToken | None = None) -> Actor:
    """Load the person's roles (one query) into an `Actor`."""
    rows = user.memberships.values_list("team_id", "role", "team__group_id")
    bound = token.team_id if token else None
    kept = [row for row in rows if bound is None or row[0] == bound]
    return Actor(
        user_id=user.pk,
        label=str(user),
        via=via,
        is_admin=user.is_superuser,
        is_support=user.is_support,
        roles={team: role for team, role, _group in kept},
        group_ids=frozenset(group for _team, _role, group in kept),
        scopes=frozenset(token.scopes) if token else ALL_SCOPES,
        token_id=token.pk if token else None,
        bound_team_id=bound,
    )

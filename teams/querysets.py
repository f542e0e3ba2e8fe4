"""Access to teams, and the building blocks other apps use for access to what teams own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Exists, OuterRef, Q

from teams.choices import TeamRole, TeamVisibility

if TYPE_CHECKING:
    import datetime as dt

    from teams.actor import Actor


def owned_visible(actor: Actor, prefix: str = "team") -> Q:
    """Rows whose team the actor may look into: organisation-visible, own, or no team at all."""
    if actor.bound_team_id is not None:
        return Q(**{f"{prefix}_id": actor.bound_team_id})
    if actor.is_admin:
        return Q()
    return (
        Q(**{f"{prefix}__isnull": True})
        | Q(**{f"{prefix}__visibility": TeamVisibility.ORGANISATION})
        | Q(**{f"{prefix}_id__in": list(actor.roles)})
    )


def owned_manageable(actor: Actor, prefix: str = "team") -> Q:
    """Rows whose team's set-up the actor may change."""
    if "manage" not in actor.scopes:
        return Q(pk__in=[])
    if actor.is_admin:
        return Q() if actor.bound_team_id is None else Q(**{f"{prefix}_id": actor.bound_team_id})
    return Q(**{f"{prefix}_id__in": actor.teams_with(TeamRole.MANAGER)})


class OwnedQuerySet(models.QuerySet[Any]):
    """Base for models with a `team` foreign key."""

    def visible_to(self, actor: Actor) -> Any:
        return self.filter(owned_visible(actor))

    def manageable_by(self, actor: Actor) -> Any:
        return self.filter(owned_manageable(actor))


class TeamQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> Any:
        """Organisation-visible teams, and those the actor belongs to; all for admins."""
        if actor.bound_team_id is not None:
            return self.filter(pk=actor.bound_team_id)
        if actor.is_admin:
            return self.all()
        return self.filter(Q(visibility=TeamVisibility.ORGANISATION) | Q(pk__in=list(actor.roles)))

    def manageable_by(self, actor: Actor) -> Any:
        if "manage" not in actor.scopes:
            return self.none()
        if actor.is_admin:
            return self.visible_to(actor)
        return self.filter(pk__in=actor.teams_with(TeamRole.MANAGER))


class MembershipQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> Any:
        """Who belongs to a team is visible with the team."""
        return self.filter(owned_visible(actor))


class SavedViewQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> Any:
        """One's own, and those shared with a team one belongs to."""
        if actor.bound_team_id is not None:
            return self.filter(team_id=actor.bound_team_id)
        return self.filter(Q(user_id=actor.user_id) | Q(team_id__in=list(actor.roles)))


class UserQuerySet(models.QuerySet[Any]):
    def active(self) -> Any:
        return self.filter(is_active=True)

    def visible_to(self, actor: Actor) -> Any:
        """Everybody sees everybody's name; a token bound to a team sees its members and its owner."""
        if actor.bound_team_id is None:
            return self.all()
        inside = self.model.memberships.rel.related_model.objects.filter(
            team_id=actor.bound_team_id, user_id=OuterRef("pk")
        )
        return self.filter(Q(pk=actor.user_id) | Exists(inside))


def in_force(now: dt.datetime) -> Q:
    """Tokens that are neither revoked nor expired."""
    return Q(revoked_at__isnull=True) & (Q(expires_at__isnull=True) | Q(expires_at__gt=now))


class TokenQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> Any:
        """A person's own tokens; through a bound token those of that team alone."""
        own = self.filter(user_id=actor.user_id)
        return own if actor.bound_team_id is None else own.filter(team_id=actor.bound_team_id)


class InvitationQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> Any:
        """Admins see all; managers those into their teams."""
        return self.filter(owned_manageable(actor))

    def pending(self, now: dt.datetime) -> Any:
        return self.filter(accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=now)


class AuditQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> Any:
        """Admins read everything; managers what concerns their teams; everybody their own doings."""
        if actor.is_admin and actor.bound_team_id is None:
            return self.all()
        return self.filter(Q(team_id__in=actor.teams_with(TeamRole.MANAGER)) | Q(actor_id=actor.user_id))

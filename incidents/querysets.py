"""Access to incidents: list, page, API, socket and search all start from here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q

from incidents.choices import ACTIVE, Role, Visibility
from incidents.permissions import SCOPES, standings_for
from teams.choices import TeamRole
from teams.querysets import owned_visible

if TYPE_CHECKING:
    from teams.actor import Actor

_VIEW = ("view_incident", "respond_incident")


def _granted(actor: Actor, codenames: tuple[str, ...]) -> Q:
    """Exceptions kept by guardian: for the person, or for one of the person's teams."""
    users = apps.get_model("incidents", "IncidentUserPermission").objects.filter(
        content_object=OuterRef("pk"), user_id=actor.user_id or 0, permission__codename__in=codenames
    )
    condition = Q(Exists(users))
    if actor.group_ids:
        groups = apps.get_model("incidents", "IncidentGroupPermission").objects.filter(
            content_object=OuterRef("pk"),
            group_id__in=actor.group_ids,
            permission__codename__in=codenames,
        )
        condition |= Q(Exists(groups))
    return condition


def _commands(actor: Actor) -> Q:
    return Q(commander_id=actor.user_id)


def _leads(actor: Actor) -> Q:
    """Commander, deputy or communications lead of the incident at this moment."""
    rows = apps.get_model("incidents", "RoleAssignment").objects.filter(
        incident=OuterRef("pk"),
        user_id=actor.user_id or 0,
        role__in=[Role.DEPUTY, Role.COMMUNICATIONS],
        ended_at__isnull=True,
    )
    return _commands(actor) | Q(Exists(rows))


class IncidentQuerySet(models.QuerySet[Any]):
    def active(self) -> Any:
        return self.filter(status__in=ACTIVE)

    def visible_to(self, actor: Actor) -> Any:
        """What the actor may see. Restricted incidents: only admins, its commander and those invited."""
        if actor.is_admin and actor.bound_team_id is None:
            return self.all()
        if actor.bound_team_id is not None:
            return self.filter(team_id=actor.bound_team_id, visibility=Visibility.OPEN)
        return self.filter(
            (Q(visibility=Visibility.OPEN) & owned_visible(actor)) | _granted(actor, _VIEW) | _commands(actor)
        )

    def allowing(self, actor: Actor, verb: str) -> Any:
        """Those of `visible_to` on which the actor may do `verb` (see `incidents.permissions`)."""
        if SCOPES[verb] not in actor.scopes:
            return self.none()
        visible = self.visible_to(actor)
        allowed = standings_for(verb)
        if actor.is_admin and "admin" in allowed:
            return visible
        if "reader" in allowed:
            return visible
        return visible.filter(self._standing(actor, allowed))

    def granted_to(self, actor: Actor) -> Any:
        """Those on which the actor may respond by an exception of their own."""
        return self.filter(_granted(actor, ("respond_incident",)))

    def _standing(self, actor: Actor, allowed: frozenset[str]) -> Q:
        """The rule of `incidents.standings` as a condition."""
        condition = Q(pk__in=[])
        roles = [role for role in (TeamRole.MANAGER, TeamRole.RESPONDER) if role.value in allowed]
        teams = actor.teams_with(*roles) if roles else []
        if teams:
            condition |= Q(team_id__in=teams) | Q(team__isnull=True)
        if "guest" in allowed:
            condition |= _granted(actor, ("respond_incident",)) | _commands(actor)
        if "lead" in allowed:
            condition |= _leads(actor)
        if "support" in allowed and actor.is_support:
            condition |= Q(visibility=Visibility.OPEN)
        return condition

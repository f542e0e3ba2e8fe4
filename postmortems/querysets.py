"""Access: a postmortem is seen with its incident, an action item with what it came from, or by its owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.models import Q

from incidents.models import Incident
from postmortems.choices import OPEN_ITEMS
from teams.choices import Scope, TeamRole
from teams.querysets import owned_manageable, owned_visible

if TYPE_CHECKING:
    import datetime as dt

    from teams.actor import Actor


class PostmortemQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> Any:
        return self.filter(incident__in=Incident.objects.visible_to(actor))

    def allowing(self, actor: Actor, verb: str = "edit") -> Any:
        """Those the actor may write: whoever may respond to the incident, and the owner."""
        if "respond" not in actor.scopes:
            return self.none()
        mine = Q(incident__in=Incident.objects.allowing(actor, "edit_entry")) | Q(owner_id=actor.user_id)
        return self.visible_to(actor).filter(mine)


class ActionItemQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> Any:
        """Through its incident (its own, or its postmortem's); without any, through its team; by owner and backup."""
        seen = Incident.objects.visible_to(actor)
        alone = Q(incident__isnull=True) & owned_visible(actor)
        return self.filter(Q(incident__in=seen) | alone | self._mine(actor))

    def allowing(self, actor: Actor, verb: str = "edit") -> Any:
        """Those the actor may `edit`, `note` (say something about) or `decide` (drop or keep)."""
        if verb == "decide":
            return self.visible_to(actor).filter(self._decided_by(actor))
        if Scope.RESPOND not in actor.scopes:
            return self.none()
        verbs = {"edit": "edit_entry", "note": "add_note"}
        party = self._mine(actor) | Q(incident__in=Incident.objects.allowing(actor, verbs[verb]))
        alone = Q(incident__isnull=True) & owned_manageable(actor)
        if actor.bound_team_id is None and actor.user_id is not None:
            party |= Q(postmortem__owner_id=actor.user_id)
        return self.visible_to(actor).filter(party | alone)

    def open(self) -> Any:
        return self.filter(status__in=OPEN_ITEMS)

    def overdue(self, today: dt.date) -> Any:
        """Open and due before this day."""
        return self.open().filter(due_on__lt=today)

    @staticmethod
    def _mine(actor: Actor) -> Q:
        if actor.bound_team_id is not None or actor.user_id is None:
            return Q(pk__in=[])
        return Q(owner_id=actor.user_id) | Q(backup_id=actor.user_id)

    @staticmethod
    def _decided_by(actor: Actor) -> Q:
        """Managers of its team and admins; without a team, who manages a team of its postmortem's owner (or of its
        own owner, when it has no postmortem)."""
        if Scope.MANAGE not in actor.scopes:
            return Q(pk__in=[])
        if actor.is_admin:
            return Q() if actor.bound_team_id is None else Q(team_id=actor.bound_team_id)
        managed = actor.teams_with(TeamRole.MANAGER)
        of_team = Q(team_id__in=managed)
        if actor.bound_team_id is not None:
            return of_team
        led = apps.get_model("teams", "Membership").objects.filter(team_id__in=managed).values("user_id")
        document = Q(postmortem__isnull=False, postmortem__owner_id__in=led)
        return of_team | Q(team__isnull=True) & (document | Q(postmortem__isnull=True, owner_id__in=led))

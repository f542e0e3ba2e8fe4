"""Access: a postmortem is seen with its incident, an action item with what it came from, or by its owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from incidents.models import Incident
from postmortems.choices import OPEN_ITEMS
from teams.querysets import owned_visible

if TYPE_CHECKING:
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
        """Through its incident (its own, or its postmortem's); without any, through its team."""
        seen = Incident.objects.visible_to(actor)
        alone = Q(incident__isnull=True) & owned_visible(actor)
        mine = Q() if actor.bound_team_id is not None else Q(owner_id=actor.user_id)
        return self.filter(Q(incident__in=seen) | alone | mine)

    def open(self) -> Any:
        return self.filter(status__in=OPEN_ITEMS)

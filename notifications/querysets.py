from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from notifications.choices import OPEN_STATUSES, DeliveryStatus
from teams.choices import TeamRole
from teams.querysets import owned_manageable

if TYPE_CHECKING:
    import datetime as dt

    from teams.actor import Actor


class OwnQuerySet(models.QuerySet[Any]):
    """Rows that belong to one person; admins see all for repair."""

    def visible_to(self, actor: Actor) -> Any:
        if actor.bound_team_id is not None:
            return self.none()
        if actor.is_admin:
            return self.all()
        return self.filter(user_id=actor.user_id)


class WebhookQuerySet(models.QuerySet[Any]):
    """Outgoing webhooks are set-up: seen by those who may change them."""

    def visible_to(self, actor: Actor) -> Any:
        return self.filter(owned_manageable(actor))


class DeliveryQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> Any:
        """One's own deliveries, and as manager those on behalf of one's teams."""
        if actor.bound_team_id is not None:
            return self.filter(team_id=actor.bound_team_id)
        if actor.is_admin:
            return self.all()
        return self.filter(Q(user_id=actor.user_id) | Q(team_id__in=actor.teams_with(TeamRole.MANAGER)))

    def finished_before(self, moment: dt.datetime) -> Any:
        """Nothing more will happen to them; a waiting one never counts, however old."""
        return self.filter(finished_at__lt=moment).exclude(status__in=OPEN_STATUSES)

    def due(self, now: dt.datetime) -> Any:
        """Waiting and due, or taken by a sender whose lease has run out."""
        return self.filter(
            Q(status=DeliveryStatus.PENDING, due_at__lte=now)
            | Q(status=DeliveryStatus.SENDING, lease_until__lte=now)
        )

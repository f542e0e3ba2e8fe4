from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from oncall.choices import RunStatus
from teams.querysets import OwnedQuerySet, owned_visible

if TYPE_CHECKING:
    import datetime as dt

    from teams.actor import Actor


class ScheduleQuerySet(OwnedQuerySet):
    pass


class PolicyQuerySet(OwnedQuerySet):
    pass


class ScheduleChildQuerySet(models.QuerySet[Any]):
    """Rotations and overrides: seen with their schedule."""

    def visible_to(self, actor: Actor) -> Any:
        return self.filter(owned_visible(actor, "schedule__team"))


class RotationQuerySet(ScheduleChildQuerySet):
    def living(self) -> Any:
        """Those that are not kept only for what they served in the past."""
        return self.filter(retired_at__isnull=True)


class TokenQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> Any:
        """Everybody sees their own calendar links alone."""
        return self.filter(user_id=actor.user_id)

    def usable(self) -> Any:
        return self.filter(revoked_at__isnull=True, user__is_active=True)


class RunQuerySet(models.QuerySet[Any]):
    def due(self, now: dt.datetime) -> Any:
        return self.filter(Q(status=RunStatus.ACTIVE, next_at__lte=now))

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


class RunQuerySet(models.QuerySet[Any]):
    def due(self, now: dt.datetime) -> Any:
        return self.filter(Q(status=RunStatus.ACTIVE, next_at__lte=now))

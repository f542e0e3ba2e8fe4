from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from oncall.choices import RequestStatus, RunStatus
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


class ExternalCalendarQuerySet(models.QuerySet[Any]):
    """Calendars of shifts: seen with their schedule. Leave calendars: their person and admins."""

    def visible_to(self, actor: Actor) -> Any:
        own = Q(user_id=actor.user_id or 0, user__isnull=False)
        if actor.is_admin and actor.bound_team_id is None:
            own = Q(user__isnull=False)
        return self.filter(own | (Q(schedule__isnull=False) & owned_visible(actor, "schedule__team")))


class LeaveQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> Any:
        """One's own, and that of everybody one shares a team with; admins see all."""
        if actor.is_admin and actor.bound_team_id is None:
            return self
        shared = Q(user__memberships__team_id__in=actor.roles)
        return self.filter(Q(user_id=actor.user_id or 0) | shared).distinct()


class RequestQuerySet(ScheduleChildQuerySet):
    def waiting_for(self, actor: Actor, now: dt.datetime) -> Any:
        """Open requests the actor could answer: offered to them, or to anybody of a team of theirs."""
        mine = Q(offered_to_id=actor.user_id or 0)
        anybody = Q(offered_to__isnull=True, schedule__team_id__in=actor.roles)
        rows = self.visible_to(actor).filter(mine | anybody, status=RequestStatus.OPEN, ends_at__gt=now)
        return rows.exclude(user_id=actor.user_id or 0)


class RunQuerySet(models.QuerySet[Any]):
    def due(self, now: dt.datetime) -> Any:
        return self.filter(Q(status=RunStatus.ACTIVE, next_at__lte=now))

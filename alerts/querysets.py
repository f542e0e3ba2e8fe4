from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from alerts.choices import AlertStatus
from teams.querysets import OwnedQuerySet, owned_visible

if TYPE_CHECKING:
    from teams.actor import Actor


class IntegrationQuerySet(OwnedQuerySet):
    pass


class AlertQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> Any:
        """Alerts are seen with the team that owned the integration when they came."""
        return self.filter(owned_visible(actor))

    def open(self) -> Any:
        return self.exclude(status=AlertStatus.RESOLVED)

    def due(self, service_id: int | None, now: dt.datetime) -> Any:
        """Those of the service whose time for a place has come."""
        return self.open().filter(service=service_id, place_at__lte=now)


class ServiceOwnedQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> Any:
        return self.filter(owned_visible(actor, "service__team"))


class SilenceQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> Any:
        """Seen with the service, or with the team it holds for."""
        of_service = Q(service__isnull=False) & owned_visible(actor, "service__team")
        of_team = Q(service__isnull=True) & owned_visible(actor, "team")
        return self.filter(of_service | of_team)

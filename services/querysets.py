from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

from teams.querysets import OwnedQuerySet, owned_visible

if TYPE_CHECKING:
    from teams.actor import Actor


class ServiceQuerySet(OwnedQuerySet):
    pass


class ServiceChildQuerySet(models.QuerySet[Any]):
    """Rows seen with their service."""

    def visible_to(self, actor: Actor) -> Any:
        return self.filter(owned_visible(actor, "service__team"))


class DependencyQuerySet(models.QuerySet[Any]):
    """An edge is seen only by those who see both ends."""

    def visible_to(self, actor: Actor) -> Any:
        return self.filter(owned_visible(actor, "downstream__team") & owned_visible(actor, "upstream__team"))

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

from teams.querysets import OwnedQuerySet, owned_visible

if TYPE_CHECKING:
    from teams.actor import Actor


class PageQuerySet(OwnedQuerySet):
    pass


class PageChildQuerySet(models.QuerySet[Any]):
    """Components and notices: managed with their page."""

    def visible_to(self, actor: Actor) -> Any:
        return self.filter(owned_visible(actor, "page__team"))

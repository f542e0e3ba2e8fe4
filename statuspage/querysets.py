from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

from teams.querysets import OwnedQuerySet, owned_visible

if TYPE_CHECKING:
    from teams.actor import Actor


class PageQuerySet(OwnedQuerySet):
    pass


class _Below(models.QuerySet[Any]):
    """What belongs to a page is managed with it."""

    path = "page__team"

    def visible_to(self, actor: Actor) -> Any:
        return self.filter(owned_visible(actor, self.path))


class PageChildQuerySet(_Below):
    pass


class ComponentChildQuerySet(_Below):
    path = "component__page__team"


class NoticeChildQuerySet(_Below):
    path = "notice__page__team"


class AnnouncementChildQuerySet(_Below):
    path = "subscriber__page__team"

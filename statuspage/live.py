"""The live topic `statuspage:<slug>`: that a page was published anew. The log of versions is the catch-up store."""

from __future__ import annotations

from typing import Any

from core.live import topics
from core.live.publishing import push
from core.live.topics import Message
from incidents.live import scope_allows
from statuspage.models import StatusPage, StatusSnapshot
from teams.actor import Actor
from teams.live import team_scope

_PREFIX = "statuspage:"
PUBLISHED = "statuspage.published"


def push_version(page: StatusPage, cause: str) -> None:
    """Say after commit that customers read another version now."""
    push(_message(page, page.version, cause))


def _message(page: StatusPage, version: int, cause: str) -> Message:
    return Message(
        topic=f"{_PREFIX}{page.slug}",
        seq=version,
        event=PUBLISHED,
        data={"version": version, "cause": cause},
        scope=team_scope(page.team),
    )


class PageTopic:
    """`statuspage:<slug>`: for whoever sees the page's manage side."""

    def may_listen(self, actor: Actor, key: str) -> bool:
        return bool(key) and StatusPage.objects.visible_to(actor).filter(slug=key).exists()

    def topic_for(self, actor: Actor, key: str) -> str:
        return f"{_PREFIX}{key}"

    def last(self, topic: str) -> int:
        slug = topic.removeprefix(_PREFIX)
        return StatusPage.objects.filter(slug=slug).values_list("version", flat=True).first() or 0

    def replay(self, topic: str, after: int, limit: int) -> list[Message]:
        rows = StatusSnapshot.objects.filter(page__slug=topic.removeprefix(_PREFIX), version__gt=after)
        found = rows.select_related("page__team").defer("files").order_by("version")[:limit]
        return [_message(row.page, row.version, row.cause) for row in found]

    def may_receive(self, actor: Actor, scope: dict[str, Any]) -> bool:
        return scope_allows(actor, scope)


def register() -> None:
    """Called from `AppConfig.ready()`."""
    topics.register("statuspage", PageTopic())

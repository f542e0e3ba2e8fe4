"""The live topic `postmortem:<id>`: which part of a document changed. Entries carry no words of it.

Events: `postmortem.section.<key>`, `postmortem.comments.<key>`, `postmortem.editing`, and for other parts
`postmortem.state`, `postmortem.items`, `postmortem.whys`, `postmortem.people`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from core import clock
from core.events import subscribe
from core.live import stored, topics
from core.live.publishing import publish_entry, recheck
from core.live.topics import Message
from incidents.choices import Visibility
from incidents.events import IncidentChanged
from incidents.live import feed_scope, scope_allows
from postmortems.models import Postmortem
from teams.actor import Actor

_PREFIX = "postmortem:"


def topic_of(postmortem_id: int) -> str:
    return f"{_PREFIX}{postmortem_id}"


def announce(
    postmortem: Postmortem, part: str, data: dict[str, Any] | None = None, *, now: dt.datetime | None = None
) -> None:
    """Inside the transaction that changes it: open pages read that part of the document anew."""
    incident = postmortem.incident
    scope = feed_scope(incident) if incident.visibility == Visibility.RESTRICTED else {}
    publish_entry(
        topic=topic_of(postmortem.pk),
        event=f"postmortem.{part}",
        data=data or {},
        scope=scope,
        now=now or clock.now(),
    )


class DocumentTopic:
    """For whoever sees the document."""

    def may_listen(self, actor: Actor, key: str) -> bool:
        return (
            key.isdigit()
            and len(key) < 19
            and Postmortem.objects.visible_to(actor).filter(pk=int(key)).exists()
        )

    def topic_for(self, actor: Actor, key: str) -> str:
        return topic_of(int(key))

    def last(self, topic: str) -> int:
        return stored.last_seq(topic)

    def replay(self, topic: str, after: int, limit: int) -> list[Message]:
        return stored.replay(topic, after, limit)

    def may_receive(self, actor: Actor, scope: dict[str, Any]) -> bool:
        return not scope or scope_allows(actor, scope)


@subscribe(IncidentChanged, name="postmortems.live.visibility")
def ask_anew(event: IncidentChanged) -> None:
    """An incident was restricted or opened: whoever listens to its document is asked again whether they may."""
    if event.what != "visibility":
        return
    pk = Postmortem.objects.filter(incident__number=event.number).values_list("pk", flat=True).first()
    if pk is not None:
        recheck(topic=topic_of(pk))


def register() -> None:
    """Called from `AppConfig.ready()`."""
    topics.register("postmortem", DocumentTopic())

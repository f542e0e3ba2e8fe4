"""The live topic `runbooks:<number>`: that something moved in the runbooks of an incident. Entries carry no words."""

from __future__ import annotations

import datetime as dt

from core.events import subscribe
from core.live import stored, topics
from core.live.publishing import publish_entry, recheck
from core.live.topics import Message
from incidents.choices import Visibility
from incidents.events import IncidentChanged
from incidents.live import IncidentTopic, feed_scope
from incidents.models import Incident

_PREFIX = "runbooks:"
EVENT = "runbook.progress"


def topic_of(number: int) -> str:
    return f"{_PREFIX}{number}"


def watched(number: int) -> str:
    """The topic with where its watcher stands, for a page that was read just now."""
    return f"{topic_of(number)}:{stored.last_seq(topic_of(number))}"


def announce(incident: Incident, *, now: dt.datetime) -> None:
    """Inside the transaction that changes something: open pages read their runbooks anew."""
    scope = feed_scope(incident) if incident.visibility == Visibility.RESTRICTED else {}
    publish_entry(topic=topic_of(incident.number), event=EVENT, data={}, scope=scope, now=now)


class RunbooksTopic(IncidentTopic):
    """For whoever sees the incident."""

    def topic_for(self, actor: object, key: str) -> str:
        return topic_of(int(key))

    def last(self, topic: str) -> int:
        return stored.last_seq(topic)

    def replay(self, topic: str, after: int, limit: int) -> list[Message]:
        return stored.replay(topic, after, limit)


@subscribe(IncidentChanged, name="incidents.runbooks.visibility")
def ask_anew(event: IncidentChanged) -> None:
    """An incident was restricted or opened: whoever listens is asked again whether they may."""
    if event.what == "visibility":
        recheck(topic=topic_of(event.number))


def register() -> None:
    """Called from `AppConfig.ready()`."""
    topics.register("runbooks", RunbooksTopic())

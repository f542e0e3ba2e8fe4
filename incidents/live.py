"""Live topics of incidents: `incident:<number>`, `feed` and `team:<slug>`."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.template.loader import render_to_string

from core import clock
from core.live import stored, topics
from core.live.publishing import publish_entry, push
from core.live.topics import Message
from core.models import LiveEntry
from incidents.choices import Visibility
from incidents.events import IncidentChanged
from incidents.models import Incident, IncidentGroupPermission, IncidentUserPermission, TimelineEntry
from incidents.sentences import change_sentence
from teams.actor import Actor
from teams.live import team_scope
from teams.models import Team

FEED = "feed"


def entry_message(
    entry: TimelineEntry, *, edited: bool = False, scope: dict[str, Any] | None = None
) -> Message:
    """A timeline entry as its watchers receive it; the same content for everybody in `scope`."""
    return Message(
        topic=f"incident:{entry.incident.number}",
        seq=entry.seq,
        event=f"timeline.{entry.kind}",
        data={"seq": entry.seq, "kind": entry.kind, "author": entry.author_label, "edited": edited},
        html=render_to_string(
            "incidents/partials/timeline_row.html", {"entry": entry, "incident": entry.incident}
        ),
        scope=scope or {},
        edited=edited,
    )


def push_entry(number: int, seq: int, *, edited: bool = False) -> None:
    """Render once and push to the incident's watchers."""
    rows = TimelineEntry.objects.select_related("incident__team", "author")
    entry = rows.get(incident__number=number, seq=seq)
    push(entry_message(entry, edited=edited, scope=_guard(entry.incident)))


def _guard(incident: Incident) -> dict[str, Any]:
    """The scope of a restricted incident's entries, so that a socket that has not yet been asked anew
    gets none of them; an open one needs none beyond the right to listen."""
    return feed_scope(incident) if incident.visibility == Visibility.RESTRICTED else {}


class IncidentTopic:
    """`incident:<number>`: the timeline itself is the catch-up store."""

    def may_listen(self, actor: Actor, key: str) -> bool:
        return (
            key.isdigit()
            and len(key) < 10
            and Incident.objects.visible_to(actor).filter(number=int(key)).exists()
        )

    def topic_for(self, actor: Actor, key: str) -> str:
        return f"incident:{int(key)}"

    def last(self, topic: str) -> int:
        number = int(topic.partition(":")[2])
        return Incident.objects.filter(number=number).values_list("last_seq", flat=True).first() or 0

    def replay(self, topic: str, after: int, limit: int) -> list[Message]:
        rows = TimelineEntry.objects.filter(incident__number=int(topic.partition(":")[2]), seq__gt=after)
        found = list(rows.select_related("incident__team", "author").order_by("seq")[:limit])
        scope = _guard(found[0].incident) if found else {}
        return [entry_message(row, scope=scope) for row in found]

    def may_receive(self, actor: Actor, scope: dict[str, Any]) -> bool:
        return not scope or scope_allows(actor, scope)


def push_feed(event: IncidentChanged) -> None:
    """One row to the feed and one to the owning team's topic.

    That an incident was restricted or opened is told to all who can see it in either state, without a
    word about it: their lists read anew what they may see.
    """
    incident = Incident.objects.select_related("team", "severity", "commander").get(number=event.number)
    scope = feed_scope(incident)
    if event.what == "visibility":
        rescope(incident)
        bare = {"number": incident.number, "what": event.what}
        _publish(incident, event.what, bare, "", scope | {"open": True})
        return
    data: dict[str, Any] = {
        "number": incident.number,
        "what": event.what,
        "title": incident.title,
        "status": incident.status,
        "severity": incident.severity_id,
        "by": event.actor_label,
        **{key: event.data[key] for key in ("old", "new", "audience", "role") if key in event.data},
    }
    # Without words, or about details, it moves open pages and makes no row of its own.
    words = "" if event.what == "details" else change_sentence(event.what, event.data)
    html = ""
    if words:
        context = {"incident": incident, "what": words, "by": event.actor_label, "at": clock.now()}
        html = render_to_string("incidents/partials/feed_row.html", context)
    _publish(incident, event.what, data, html, scope)


def _publish(incident: Incident, what: str, data: dict[str, Any], html: str, scope: dict[str, Any]) -> None:
    now = clock.now()
    publish_entry(topic=FEED, event=f"incident.{what}", data=data, html=html, scope=scope, now=now)
    if incident.team:
        topic = f"team:{incident.team.slug}"
        publish_entry(topic=topic, event=f"incident.{what}", data=data, scope=scope, now=now)


def rescope(incident: Incident) -> None:
    """Give what the feed and the team's topic keep about the incident its present scope, so that catching
    up shows nobody more than the pages do."""
    about = LiveEntry.objects.filter(data__number=incident.number, event__startswith="incident.")
    rows = about.filter(Q(topic_id=FEED) | Q(topic__name__startswith="team:"))
    rows.exclude(event="incident.visibility").update(scope=feed_scope(incident))


def feed_scope(incident: Incident) -> dict[str, Any]:
    """Who may receive a row about this incident; judged without the database by `scope_allows`."""
    users = list(
        IncidentUserPermission.objects.filter(content_object=incident).values_list("user_id", flat=True)
    )
    groups = list(
        IncidentGroupPermission.objects.filter(content_object=incident).values_list("group_id", flat=True)
    )
    if incident.commander_id is not None:
        users.append(incident.commander_id)
    return {
        **team_scope(incident.team),
        "open": incident.visibility == Visibility.OPEN,
        "users": users,
        "groups": groups,
    }


def scope_allows(actor: Actor, scope: dict[str, Any]) -> bool:
    """The same rule as `Incident.objects.visible_to`, on a stored scope."""
    if actor.bound_team_id is not None:
        return bool(scope.get("open")) and scope.get("team") == actor.bound_team_id
    if actor.is_admin:
        return True
    if scope.get("open") and (scope.get("organisation") or scope.get("team") in actor.roles):
        return True
    return actor.user_id in scope.get("users", ()) or bool(actor.group_ids & set(scope.get("groups", ())))


class FeedTopic:
    """`feed`: everything about all incidents, filtered for each socket."""

    def may_listen(self, actor: Actor, key: str) -> bool:
        return key == ""

    def topic_for(self, actor: Actor, key: str) -> str:
        return FEED

    def last(self, topic: str) -> int:
        return stored.last_seq(topic)

    def replay(self, topic: str, after: int, limit: int) -> list[Message]:
        return stored.replay(topic, after, limit)

    def may_receive(self, actor: Actor, scope: dict[str, Any]) -> bool:
        return scope_allows(actor, scope)


class TeamTopic(FeedTopic):
    """`team:<slug>`: what concerns one team."""

    def may_listen(self, actor: Actor, key: str) -> bool:
        return bool(key) and Team.objects.visible_to(actor).filter(slug=key).exists()

    def topic_for(self, actor: Actor, key: str) -> str:
        return f"team:{key}"


def register() -> None:
    """Called from `AppConfig.ready()`."""
    topics.register("incident", IncidentTopic())
    topics.register("feed", FeedTopic())
    topics.register("team", TeamTopic())

"""Tells the past incidents with the product's own verbs, at their own times."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from incidents import actions
from incidents.actions.common import lock_by_number, save_incident, write_entry
from incidents.choices import EntryKind
from incidents.models import Incident
from teams.actor import Actor, actor_for, system_actor
from web.demo import outages, stories
from web.demo.outages import Outage
from web.demo.stories import CAST, Story

if TYPE_CHECKING:
    from web.demo.loader import Loaded


def load(made: Loaded, now: dt.datetime) -> None:
    """All stories, oldest first, so that numbers rise with time."""
    told: list[Story | Outage] = [*stories.read(), *outages.read()]
    for each in sorted(told, key=lambda item: -item.days_ago):
        if isinstance(each, Outage):
            outages.tell(made, each, now)
        else:
            _tell(made, each, now)


def _tell(made: Loaded, story: Story, now: dt.datetime) -> None:
    day = (now - dt.timedelta(days=story.days_ago)).replace(
        hour=story.hour, minute=7, second=0, microsecond=0
    )

    def at(minutes: float) -> dt.datetime:
        return day + dt.timedelta(minutes=minutes)

    services = [made.services[slug] for slug in story.services]
    team = services[0].team
    assert team is not None
    first, lead, third = (made.people[name] for name in CAST[team.slug])
    responder, commander, helper = (actor_for(user) for user in (first, lead, third))
    incident = actions.declare_incident(
        actor=system_actor("Monitoring", via="rule"),
        title=story.title,
        service_ids=[service.pk for service in services],
        impact=story.impact,
        page=False,
        source="Monitoring",
        now=at(0),
    )
    number = incident.number
    _paged(number, first.pk, first.name, at(0.2))
    actions.acknowledge(actor=responder, number=number, now=at(story.ack))
    actions.set_severity(actor=responder, number=number, severity=story.severity, now=at(story.ack + 1))
    if story.severity <= 2:
        actions.assign_role(
            actor=responder, number=number, role="commander", user_id=lead.pk, now=at(story.ack + 2)
        )
    actions.add_note(actor=helper, number=number, text=story.seen, now=at(story.ack + 3))
    if story.severity <= 1:
        _updates(story, number, commander, at)
    actions.add_note(actor=responder, number=number, text=story.cause, now=at(story.known))
    actions.set_status(actor=responder, number=number, status="identified", now=at(story.known + 1))
    actions.add_note(actor=helper, number=number, text=story.fix, now=at(story.mitigated - 1))
    actions.set_status(actor=responder, number=number, status="monitoring", now=at(story.mitigated))
    actions.resolve(actor=responder, number=number, now=at(story.resolved))
    _backdate(number, day, at)


def _paged(number: int, user_id: int, name: str, at: dt.datetime) -> None:
    incident = lock_by_number(number)
    data = {"people": [name], "users": [user_id], "step": 1, "round": 1, "policy": "Escalation"}
    write_entry(
        incident, actor=system_actor("Escalation", via="rule"), kind=EntryKind.PAGE_SENT, now=at, data=data
    )
    save_incident(incident, at)


def _updates(story: Story, number: int, commander: Actor, at: object) -> None:
    """What customers and colleagues were told in the worse ones."""
    when = at  # a function of minutes
    assert callable(when)
    texts = (
        (5, "public", f"We are looking into a problem: {story.impact}"),
        (6, "internal", f"{story.seen} Working on it; next word in 20 minutes."),
        (story.mitigated + 2, "public", "A fix is in place and things are recovering. We keep watching."),
    )
    for minutes, audience, text in texts:
        actions.post_update(
            actor=commander, number=number, audience=audience, text=text, now=when(story.ack + minutes)
        )


def _backdate(number: int, day: dt.datetime, at: object) -> None:
    """The row itself is as old as its story."""
    Incident.objects.filter(number=number).update(
        created_at=day, impact_started_at=day - dt.timedelta(minutes=4)
    )

"""Past outages with finished postmortems, told in `outages.yaml` after public reports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from incidents import actions
from incidents.models import Incident
from teams.actor import Actor, actor_for, system_actor
from web.demo.stories import CAST

if TYPE_CHECKING:
    from web.demo.loader import Loaded

At = Callable[[float], dt.datetime]


@dataclass(frozen=True)
class Outage:
    """One past outage. `days_ago` and `hour` (UTC) place its start; `at` in a record line, `ack`, `known`,
    `mitigated` and `resolved` are minutes after it. `why`: nested `{text, gate?, evidence?, below: […]}`.
    `factors`: (kind, name). `items`: `{title, class, state, due_in, proof?, reason?}`, `due_in` days from now."""

    days_ago: int
    hour: int
    title: str
    services: list[str]
    severity: int
    impact: str
    ack: int
    known: int
    mitigated: int
    resolved: int
    record: list[dict[str, Any]]
    why: dict[str, Any]
    factors: list[list[str]]
    items: list[dict[str, Any]]
    sections: dict[str, str] = field(default_factory=dict)
    state: str = "published"
    customers: int | None = None
    data_lost: str = ""


def read() -> list[Outage]:
    """All outages, the oldest first."""
    text = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
    return sorted((Outage(**row) for row in yaml.safe_load(text)), key=lambda row: -row.days_ago)


def tell(made: Loaded, outage: Outage, now: dt.datetime) -> None:
    """The incident itself, from the first alert to resolved, at its own times."""
    day = (now - dt.timedelta(days=outage.days_ago)).replace(
        hour=outage.hour, minute=3, second=0, microsecond=0
    )

    def at(minutes: float) -> dt.datetime:
        return day + dt.timedelta(minutes=minutes)

    services = [made.services[slug] for slug in outage.services]
    team = services[0].team
    assert team is not None
    first, lead, third = (made.people[name] for name in CAST[team.slug])
    responder, commander, helper = (actor_for(user) for user in (first, lead, third))
    number = actions.declare_incident(
        actor=system_actor("Monitoring", via="rule"),
        title=outage.title,
        service_ids=[service.pk for service in services],
        impact=outage.impact,
        page=False,
        source="Monitoring",
        now=at(0),
    ).number
    actions.acknowledge(actor=responder, number=number, now=at(outage.ack))
    actions.set_severity(actor=responder, number=number, severity=outage.severity, now=at(outage.ack + 1))
    for role, person in (("commander", lead), ("scribe", third)):
        actions.assign_role(
            actor=responder, number=number, role=role, user_id=person.pk, now=at(outage.ack + 2)
        )
    _record(outage, number, helper, at)
    _worked_on(made, outage, number, responder, commander, at)
    for status, minutes in (("identified", outage.known + 1), ("monitoring", outage.mitigated)):
        actions.set_status(actor=responder, number=number, status=status, now=at(minutes))
    actions.resolve(actor=responder, number=number, now=at(outage.resolved))
    Incident.objects.filter(number=number).update(created_at=day, impact_started_at=day)


def _record(outage: Outage, number: int, helper: Actor, at: At) -> None:
    for line in outage.record:
        written = max(at(line["at"]), at(outage.ack + 3))
        entry = actions.add_note(
            actor=helper, number=number, text=line["text"], happened_at=at(line["at"]), now=written
        )
        if line.get("star"):
            actions.star_entry(actor=helper, number=number, seq=entry.seq, starred=True)


def _worked_on(made: Loaded, outage: Outage, number: int, responder: Actor, commander: Actor, at: At) -> None:
    """What was said, how bad it was, and what it turned out to be."""
    actions.post_update(
        actor=commander,
        number=number,
        audience="internal",
        text=f"{outage.impact} Everybody needed is on it.",
        now=at(outage.ack + 9),
    )
    actions.add_impact(
        actor=responder,
        number=number,
        service_id=made.services[outage.services[0]].pk,
        condition="unavailable",
        reach="all",
        started_at=at(0),
        ended_at=at(outage.mitigated),
        customers=outage.customers,
        data_lost=outage.data_lost,
        now=at(outage.mitigated),
    )
    cause = outage.why["below"][0]["text"]
    card = actions.add_cause(actor=responder, number=number, text=cause, now=at(outage.ack + 10))
    actions.set_cause_state(
        actor=responder, number=number, cause_id=card.pk, state="confirmed", now=at(outage.known)
    )

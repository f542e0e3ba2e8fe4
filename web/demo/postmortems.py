"""Demo data of postmortems: eight finished ones with trees and items in every state, and some under way."""

from __future__ import annotations

import datetime as dt
from typing import Any

from incidents.actions.times import set_times
from incidents.models import Incident
from postmortems import actions
from postmortems.models import Postmortem
from teams.actor import Actor, actor_for
from web.demo import outages
from web.demo.loader import Loaded, extra
from web.demo.outages import Outage
from web.demo.stories import CAST


@extra
def postmortems(made: Loaded, now: dt.datetime) -> None:
    """The finished ones of past outages, then those that still want something of somebody."""
    for outage in outages.read():
        _finished(made, outage, now)
    _under_way(made, now)


def _finished(made: Loaded, outage: Outage, now: dt.datetime) -> None:
    incident = Incident.objects.select_related("team").get(title=outage.title)
    assert incident.resolved_at is not None
    assert incident.team is not None
    since = incident.resolved_at
    first, lead, third = (made.people[name] for name in CAST[incident.team.slug])
    writer = actor_for(lead)
    document = actions.start_postmortem(
        actor=writer, incident_number=incident.number, now=since + dt.timedelta(hours=2)
    )
    for key, text in outage.sections.items():
        actions.edit_section(
            actor=writer,
            postmortem_id=document.pk,
            key=key,
            text=text,
            state="ready",
            now=since + dt.timedelta(hours=26),
        )
    for section in document.sections.exclude(text="").exclude(state="ready"):
        actions.edit_section(actor=writer, postmortem_id=document.pk, key=section.key, state="ready")
    _grow(document, outage.why, None, writer)
    for kind, name in outage.factors:
        actions.add_factor(actor=writer, postmortem_id=document.pk, kind=kind, name=name)
    owners = [first.pk, lead.pk, third.pk]
    for number, row in enumerate(outage.items):
        _item(made, document, row, owners[number % 3], since + dt.timedelta(hours=27), now)
    for days, state in ((1, "in_review"), (2, "reviewed"), (3, "published"), (60, "closed")):
        if state == "closed" and outage.state != "closed":
            continue
        actions.set_status(
            actor=made.actor, postmortem_id=document.pk, status=state, now=since + dt.timedelta(days=days)
        )
    held = since + dt.timedelta(hours=40)
    set_times(actor=made.actor, number=incident.number, times={"review_held": held}, now=held)


def _grow(document: Postmortem, row: dict[str, Any], parent_id: int | None, actor: Actor) -> None:
    node = actions.add_why(
        actor=actor,
        postmortem_id=document.pk,
        text=row["text"],
        parent_id=parent_id,
        evidence=row.get("evidence", ""),
    )
    below = row.get("below", [])
    if len(below) > 1:
        actions.change_why(
            actor=actor, postmortem_id=document.pk, node_id=node.pk, gate=row.get("gate", "or")
        )
    for child in below:
        _grow(document, child, node.pk, actor)


def _item(
    made: Loaded, document: Postmortem, row: dict[str, Any], owner_id: int, at: dt.datetime, now: dt.datetime
) -> None:
    due = now + dt.timedelta(days=row["due_in"])
    item = actions.create_item(
        actor=made.actor,
        title=row["title"],
        owner_id=owner_id,
        due_on=due.date(),
        item_class=row["class"],
        postmortem_id=document.pk,
        now=at,
    )
    changes: dict[str, Any] = {name: row[name] for name in ("proof", "reason") if name in row}
    if row["state"] != "open":
        changes["status"] = row["state"]
    if changes:
        done = max(at, min(due - dt.timedelta(days=2), now - dt.timedelta(days=1)))
        actions.update_item(actor=made.actor, item_id=item.pk, now=done, **changes)


def _under_way(made: Loaded, now: dt.datetime) -> None:
    _draft(made, "Checkout times out under sale traffic", now, state="in_review")
    _draft(made, "Sign-in fails for every second customer", now, state="draft")
    incident = Incident.objects.get(title="Double charges for 41 orders")
    item = actions.create_item(
        actor=made.actor,
        title="Keep the idempotency key across retries",
        owner_id=made.people["responder"].pk,
        due_on=(now - dt.timedelta(days=2)).date(),
        incident_number=incident.number,
    )
    actions.create_item(
        actor=made.actor,
        title="Alert on captures per order greater than one",
        owner_id=made.people["responder"].pk,
        due_on=(now + dt.timedelta(days=9)).date(),
        item_class="detect",
        incident_number=incident.number,
    )
    actions.update_item(actor=made.actor, item_id=item.pk, status="doing", priority="high")


def _draft(made: Loaded, title: str, now: dt.datetime, *, state: str) -> None:
    """One of this month: filled from the record, with a short chain; the review waits or is to come."""
    incident = Incident.objects.get(title=title)
    assert incident.resolved_at is not None
    document = actions.start_postmortem(
        actor=made.actor, incident_number=incident.number, now=incident.resolved_at + dt.timedelta(hours=2)
    )
    top = actions.add_why(actor=made.actor, postmortem_id=document.pk, text=incident.impact)
    first = actions.add_why(
        actor=made.actor,
        postmortem_id=document.pk,
        text="One part waited for another until everything waited",
        parent_id=top.pk,
    )
    _words(made, document, incident)
    actions.create_item(
        actor=made.actor,
        title="Set the pool's limit below the server's everywhere",
        owner_id=made.people["manager"].pk,
        due_on=(now + dt.timedelta(days=-5 if state == "draft" else 6)).date(),
        postmortem_id=document.pk,
    )
    if state == "draft":
        actions.create_item(
            actor=made.actor,
            title="Alert when connections pass 80 % for five minutes",
            owner_id=None,
            due_on=None,
            item_class="monitor",
            postmortem_id=document.pk,
        )
        return
    actions.add_why(
        actor=made.actor,
        postmortem_id=document.pk,
        text="The limit in front was above the limit behind",
        parent_id=first.pk,
    )
    for kind, name in (
        ("capacity", "Limit reached"),
        ("drift", "Configuration differs between environments"),
    ):
        actions.add_factor(actor=made.actor, postmortem_id=document.pk, kind=kind, name=name)
    actions.set_status(
        actor=made.actor, postmortem_id=document.pk, status=state, now=now - dt.timedelta(days=1)
    )


def _words(made: Loaded, document: Postmortem, incident: Incident) -> None:
    texts = {
        "summary": f"{incident.impact} It was noticed by monitoring and ended by a change that could be taken back.",
        "lessons": "**Went well:** the page reached the right person in two minutes.\n\n"
        "**Was hard:** two dashboards disagreed.\n\n**Lucky:** it was not the first hour of the sale.",
    }
    for key, text in texts.items():
        actions.edit_section(actor=made.actor, postmortem_id=document.pk, key=key, text=text)

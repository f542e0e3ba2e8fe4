"""Demo data of postmortems in different states."""

from __future__ import annotations

import datetime as dt

from incidents.models import Incident
from postmortems.actions import create_item, edit_section, set_status, start_postmortem, update_item
from web.demo.loader import Loaded, extra


@extra
def postmortems(made: Loaded, now: dt.datetime) -> None:
    """Three documents in different states, with items open, overdue and done."""
    _document(made, "Checkout times out under sale traffic", now, published=True)
    _document(made, "Orders database fail-over", now, published=True)
    _document(made, "Sign-in fails for every second customer", now, published=False)
    incident = Incident.objects.get(title="Double charges for 41 orders")
    item = create_item(
        actor=made.actor,
        title="Keep the idempotency key across retries",
        owner_id=made.people["responder"].pk,
        due_on=(now - dt.timedelta(days=2)).date(),
        incident_number=incident.number,
    )
    create_item(
        actor=made.actor,
        title="Alert on captures per order greater than one",
        owner_id=made.people["responder"].pk,
        due_on=(now + dt.timedelta(days=9)).date(),
        item_class="detect",
        incident_number=incident.number,
    )
    update_item(actor=made.actor, item_id=item.pk, status="doing")


def _document(made: Loaded, title: str, now: dt.datetime, *, published: bool) -> None:
    incident = Incident.objects.get(title=title)
    resolved = incident.resolved_at
    assert resolved is not None
    postmortem = start_postmortem(
        actor=made.actor, incident_number=incident.number, now=resolved + dt.timedelta(hours=2)
    )
    texts = {
        "summary": f"{incident.impact} It was noticed by monitoring and ended by a change that could be taken back.",
        "causes": "1. What failed first?\n2. Why did nothing hold it?\n3. Why did it take so long to see?\n\nThe limit of one part was above the limit of the part behind it, so load went through until everything waited.",
        "lessons": "**Went well:** the page reached the right person in two minutes.\n\n**Was hard:** two dashboards disagreed.\n\n**Lucky:** it was not the first hour of the sale.",
    }
    for key, text in texts.items():
        edit_section(actor=made.actor, postmortem_id=postmortem.pk, key=key, text=text)
    for offset, item_class, words in (
        (-5 if not published else 6, "prevent", "Set the pool's limit below the server's everywhere"),
        (20, "detect", "Alert when connections pass 80 % for five minutes"),
    ):
        create_item(
            actor=made.actor,
            title=words,
            owner_id=made.people["manager"].pk,
            due_on=(now + dt.timedelta(days=offset)).date(),
            item_class=item_class,
            postmortem_id=postmortem.pk,
        )
    if published:
        for state in ("in_review", "reviewed", "published"):
            set_status(
                actor=made.actor,
                postmortem_id=postmortem.pk,
                status=state,
                now=resolved + dt.timedelta(days=2),
            )

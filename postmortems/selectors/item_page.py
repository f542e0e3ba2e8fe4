"""What the page of one action item shows beside its fields."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from postmortems.actions.reminding import case_of
from postmortems.choices import Rung
from postmortems.items import ladder
from postmortems.items.workdays import people
from postmortems.models import ActionItem
from postmortems.selectors.leads import leads_of
from teams.models import User


@dataclass(frozen=True)
class Step:
    """A rung: `state` sent, skipped or coming; `at`: when it was or will be sent; `to`: to whom."""

    label: str
    state: str
    at: dt.datetime | None
    to: list[User]


def ladder_of(item: ActionItem, now: dt.datetime) -> list[Step]:
    """The ladder of an item for its present date; nothing without owner or date. What was sent stays shown when the
    item is closed, and nothing comes any more."""
    if item.due_on is None or item.owner is None:
        return []
    reminders = list(item.reminders.select_related("sent_to").order_by("pk"))
    sent = {row.kind: row for row in reminders if row.due_on == item.due_on}
    known = people((item.owner, item.backup), now)
    case = case_of(item, reminders)
    owner, backup = known[item.owner.pk], known.get(item.backup_id or 0)
    leads = list(User.objects.filter(pk__in=leads_of(item)).order_by("name")) or [item.owner]
    receivers = {
        ladder.OWNER: [item.owner],
        ladder.BACKUP: [item.backup] if item.backup else [],
        ladder.LEAD: leads,
    }
    found = []
    for step in ladder.steps(case, now, owner, backup):
        label = str(Rung(step.rung).label)
        row = sent.get(step.rung)
        if row is not None:
            found.append(Step(label, "sent", row.sent_at, [row.sent_to] if row.sent_to else []))
        elif step.state == "coming" and item.is_open:
            found.append(Step(label, "coming", step.at, receivers[step.to]))
        else:
            found.append(Step(label, "skipped", None, []))
    return found

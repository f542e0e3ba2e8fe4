"""An update leaves: shared by writing and by approving."""

from __future__ import annotations

import datetime as dt

from incidents.actions.common import announce, write_entry
from incidents.actions.promises import PROMISE_FIELDS, keep_promise, rhythm
from incidents.choices import EntryAudience, EntryKind, UpdateAudience, UpdateState
from incidents.models import Incident, IncidentUpdate
from teams.actor import Actor

SEEN_BY = {
    UpdateAudience.INTERNAL: EntryAudience.SUPPORT,
    UpdateAudience.EXECUTIVE: EntryAudience.RESPONDERS,
    UpdateAudience.SUPPORT: EntryAudience.SUPPORT,
    UpdateAudience.PUBLIC: EntryAudience.PUBLIC,
}
SENT_FIELDS = (*PROMISE_FIELDS, "first_public_update_at", "first_internal_update_at")


def send_now(incident: Incident, row: IncidentUpdate, *, actor: Actor, now: dt.datetime) -> None:
    """The update leaves: stored as sent, the promise kept and renewed, the record written. The locked incident
    is saved by the caller (`SENT_FIELDS`); delivering follows the event."""
    if row.next_update_due_at is None or row.next_update_due_at <= now:
        row.next_update_due_at = next_due(incident, row.audience, row.next_update_in_minutes, now)
    row.state, row.sent_at, row.status = UpdateState.SENT, now, incident.status
    row.save()
    keep_promise(incident, row.audience, now, row.next_update_due_at)
    if row.audience == UpdateAudience.PUBLIC:
        incident.first_public_update_at = incident.first_public_update_at or now
    else:
        incident.first_internal_update_at = incident.first_internal_update_at or now
    due = row.next_update_due_at
    write_entry(
        incident,
        actor=actor,
        kind=EntryKind.UPDATE_SENT,
        now=now,
        text=row.text,
        data={
            "audience": row.audience,
            "next_update_due_at": due.isoformat() if due else None,
            "update": row.pk,
            **({"no_change": True} if row.no_change else {}),
            **({"written_by": row.author_label} if row.author_id != actor.user_id else {}),
        },
        audience=SEEN_BY[UpdateAudience(row.audience)],
    )
    announce(incident, "update", actor, audience=row.audience, update=row.pk)


def next_due(incident: Incident, audience: str, minutes: int | None, now: dt.datetime) -> dt.datetime | None:
    """When this audience hears more if it is told something now; None: nothing is promised.

    Without `minutes` the severity's rhythm counts; 0 promises nothing.
    """
    if not incident.is_active:
        return None
    if minutes is None:
        minutes = rhythm(incident, incident.severity, audience, now, telling=True)
    return now + dt.timedelta(minutes=minutes) if minutes else None

"""What each audience is told, and the promise of the next word."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from core.errors import field_error
from incidents.actions.common import announce, lock, required_text, save_incident, write_entry
from incidents.choices import EntryAudience, EntryKind, UpdateAudience, UpdateState
from incidents.models import Incident, IncidentUpdate
from teams.actor import Actor

MAX_PROMISE_MINUTES = 7 * 24 * 60
_SEEN_BY = {
    UpdateAudience.INTERNAL: EntryAudience.SUPPORT,
    UpdateAudience.EXECUTIVE: EntryAudience.RESPONDERS,
    UpdateAudience.SUPPORT: EntryAudience.SUPPORT,
    UpdateAudience.PUBLIC: EntryAudience.PUBLIC,
}


def post_update(
    *,
    actor: Actor,
    number: int,
    audience: str,
    text: str,
    next_update_in_minutes: int | None = None,
    now: dt.datetime | None = None,
) -> IncidentUpdate:
    """Tell one audience something and promise the next update.

    Without `next_update_in_minutes` the severity's own rhythm sets the promise (none when it has
    none); 0 promises nothing more.
    """
    if audience not in UpdateAudience.values:
        raise field_error("audience", f"One of {', '.join(UpdateAudience.values)}.")
    if next_update_in_minutes is not None and not 0 <= next_update_in_minutes <= MAX_PROMISE_MINUTES:
        raise field_error("next_update_in_minutes", f"From 0 to {MAX_PROMISE_MINUTES:,} minutes.")
    now = now or clock.now()
    text = required_text("text", text)
    with transaction.atomic():
        incident = lock(actor, "post_update", number)
        due = _promise(incident, audience, next_update_in_minutes, now)
        update = IncidentUpdate.objects.create(
            incident=incident,
            audience=audience,
            state=UpdateState.SENT,
            text=text,
            written_at=now,
            status=incident.status,
            author_id=actor.user_id,
            author_label=actor.label[:200],
            sent_at=now,
            next_update_due_at=due,
        )
        _keep_promise(incident, audience, due)
        if audience == UpdateAudience.PUBLIC:
            incident.first_public_update_at = incident.first_public_update_at or now
        else:
            incident.first_internal_update_at = incident.first_internal_update_at or now
        write_entry(
            incident,
            actor=actor,
            kind=EntryKind.UPDATE_SENT,
            now=now,
            text=text,
            data={"audience": audience, "next_update_due_at": due.isoformat() if due else None},
            audience=_SEEN_BY[UpdateAudience(audience)],
        )
        save_incident(
            incident,
            now,
            "next_update_due_at",
            "next_update_audience",
            "first_public_update_at",
            "first_internal_update_at",
        )
        announce(incident, "update", actor, audience=audience)
    return update


def _promise(incident: Incident, audience: str, minutes: int | None, now: dt.datetime) -> dt.datetime | None:
    if minutes is None and incident.severity is not None and incident.is_active:
        level = incident.severity
        minutes = (
            level.public_update_minutes
            if audience == UpdateAudience.PUBLIC
            else level.executive_minutes
            if audience == UpdateAudience.EXECUTIVE
            else level.internal_update_minutes
        )
    return now + dt.timedelta(minutes=minutes) if minutes else None


def _keep_promise(incident: Incident, audience: str, due: dt.datetime | None) -> None:
    """The incident shows the earliest open promise over all audiences."""
    latest: dict[str, dt.datetime | None] = {}
    rows = incident.updates.order_by("audience", "-sent_at", "-id").distinct("audience")
    for row in rows:
        latest[row.audience] = row.next_update_due_at
    latest[audience] = due
    if not incident.is_active:
        latest = {}
    open_promises = sorted((at, name) for name, at in latest.items() if at is not None)
    incident.next_update_due_at = open_promises[0][0] if open_promises else None
    incident.next_update_audience = open_promises[0][1] if open_promises else ""

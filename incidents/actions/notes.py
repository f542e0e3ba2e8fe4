"""Entries people write themselves."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.events import publish
from incidents.actions.common import lock, required_text, save_incident, write_entry
from incidents.choices import EntryKind
from incidents.events import TimelineWritten
from incidents.models import Incident, TimelineEntry, TimelineRevision
from teams.actor import Actor

_WRITABLE = (EntryKind.NOTE, EntryKind.DECISION)


def add_note(
    *,
    actor: Actor,
    number: int,
    text: str,
    happened_at: dt.datetime | None = None,
    kind: EntryKind = EntryKind.NOTE,
    now: dt.datetime | None = None,
) -> TimelineEntry:
    """Write a note or a decision. `happened_at` may lie in the past, never in the future."""
    now = now or clock.now()
    text = required_text("text", text)
    if happened_at is not None and happened_at > now + dt.timedelta(minutes=1):
        raise field_error("happened_at", "That is in the future.")
    with transaction.atomic():
        incident = lock(actor, "add_note", number)
        entry = write_entry(
            incident,
            actor=actor,
            kind=kind,
            now=now,
            text=text,
            happened_at=min(happened_at, now) if happened_at else None,
        )
        save_incident(incident, now)
    return entry


def edit_entry(
    *, actor: Actor, number: int, seq: int, text: str, now: dt.datetime | None = None
) -> TimelineEntry:
    """Change one's own note; the former text is kept as a revision. Managers may change any note."""
    now = now or clock.now()
    text = required_text("text", text)
    with transaction.atomic():
        incident = lock(actor, "add_note", number)
        entry = _own_entry(actor, incident, seq)
        if entry.text == text:
            return entry
        TimelineRevision.objects.create(
            entry=entry,
            text=entry.text,
            happened_at=entry.happened_at,
            replaced_at=now,
            replaced_by_id=actor.user_id,
        )
        entry.text, entry.edited_at = text, now
        entry.save(update_fields=["text", "edited_at"])
        publish(TimelineWritten(number=incident.number, seq=seq, entry_kind=entry.kind, edited=True))
    return entry


def redact_entry(*, actor: Actor, number: int, seq: int, now: dt.datetime | None = None) -> TimelineEntry:
    """Blank an entry and its revisions for good; the row stays with a mark. Own notes, or managers."""
    now = now or clock.now()
    with transaction.atomic():
        incident = lock(actor, "add_note", number)
        entry = _own_entry(actor, incident, seq)
        entry.revisions.all().delete()
        entry.text, entry.redacted_at = "", now
        entry.save(update_fields=["text", "redacted_at"])
        publish(TimelineWritten(number=incident.number, seq=seq, entry_kind=entry.kind, edited=True))
    return entry


def star_entry(*, actor: Actor, number: int, seq: int, starred: bool) -> TimelineEntry:
    """Mark an entry for the postmortem, or take the mark away."""
    with transaction.atomic():
        incident = lock(actor, "edit_entry", number)
        entry = TimelineEntry.objects.filter(incident=incident, seq=seq).first()
        if entry is None:
            raise NotVisible
        if entry.starred != starred:
            entry.starred = starred
            entry.save(update_fields=["starred"])
            publish(TimelineWritten(number=incident.number, seq=seq, entry_kind=entry.kind, edited=True))
    return entry


def _own_entry(actor: Actor, incident: Incident, seq: int) -> TimelineEntry:
    entry = TimelineEntry.objects.filter(incident=incident, seq=seq).first()
    if entry is None:
        raise NotVisible
    if entry.kind not in _WRITABLE:
        raise Conflict("What the product recorded itself cannot be changed.", code="not_editable")
    if entry.redacted_at is not None:
        raise Conflict("This entry was redacted.", code="redacted")
    if entry.author_id != actor.user_id and not (actor.is_admin or actor.manages(incident.team_id)):
        raise NotAllowed("Only its author or a manager can change a note.")
    return entry

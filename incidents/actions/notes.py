"""Entries people write themselves, and what is done to them afterwards."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction

from core import clock
from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.events import publish
from core.text import one_line
from incidents import versions
from incidents.actions.common import announce, lock, required_text, save_incident, write_entry
from incidents.actions.files import forget_files
from incidents.choices import EntryKind
from incidents.events import TimelineWritten
from incidents.models import Incident, TimelineEntry, TimelineRevision
from teams.actor import Actor

WRITABLE = (EntryKind.NOTE, EntryKind.DECISION, EntryKind.EVIDENCE)
MAX_ALTERNATIVES = 10
_KEY = re.compile(r"^[A-Za-z0-9_-]{1,64}$")
_AHEAD = dt.timedelta(minutes=1)
_LONG_AGO = dt.timedelta(days=3650)
_is_address = URLValidator(["http", "https"])


def add_note(
    *,
    actor: Actor,
    number: int,
    text: str,
    happened_at: dt.datetime | None = None,
    happened_until: dt.datetime | None = None,
    evidence_link: str = "",
    key: str = "",
    kind: EntryKind = EntryKind.NOTE,
    now: dt.datetime | None = None,
) -> TimelineEntry:
    """Write a note or a decision. `happened_at` may lie in the past, never in the future.

    `key`: the writer's own name of the note. One that came before gives the entry it became, so that a note
    sent twice after a lost connection is stored once; and a clock that runs ahead counts as now.
    """
    now = now or clock.now()
    text = required_text("text", text)
    key = note_key(key)
    begin, end = moments(happened_at, happened_until, now, forgive=bool(key))
    link = address("evidence_link", evidence_link)
    with transaction.atomic():
        incident = lock(actor, "add_note", number)
        known = known_entry(incident, actor, key)
        if known is not None:
            return known
        entry = write_entry(
            incident,
            actor=actor,
            kind=kind,
            now=now,
            text=text,
            happened_at=begin,
            happened_until=end,
            evidence_link=link,
            client_key=key,
        )
        save_incident(incident, now)
    return entry


def add_decision(
    *,
    actor: Actor,
    number: int,
    choice: str,
    question: str = "",
    who: str = "",
    why: str = "",
    alternatives: Sequence[str] = (),
    happened_at: dt.datetime | None = None,
    now: dt.datetime | None = None,
) -> TimelineEntry:
    """Record what was decided: the outcome, not the votes. `alternatives` were looked at and not taken."""
    now = now or clock.now()
    choice = required_text("choice", choice, 2_000)
    others = [line for line in (one_line(each, 300) for each in alternatives) if line]
    if len(others) > MAX_ALTERNATIVES:
        raise field_error("alternatives", f"At most {MAX_ALTERNATIVES}.")
    begin, _end = moments(happened_at, None, now)
    data = {
        "question": one_line(question, 300),
        "who": one_line(who, 200),
        "why": one_line(why, 1_000),
        "alternatives": others,
    }
    with transaction.atomic():
        incident = lock(actor, "edit_entry", number)
        entry = write_entry(
            incident,
            actor=actor,
            kind=EntryKind.DECISION,
            now=now,
            text=choice,
            data={name: value for name, value in data.items() if value},
            happened_at=begin,
        )
        save_incident(incident, now)
        announce(incident, "decision", actor, seq=entry.seq)
    return entry


def edit_entry(
    *,
    actor: Actor,
    number: int,
    seq: int,
    text: str,
    base: str | None = None,
    now: dt.datetime | None = None,
) -> TimelineEntry:
    """Change one's own note; the former text is kept as a revision. Managers may change any note.

    `base`: the text the writer began from; `ChangedMeanwhile` when it says something else by now.
    """
    now = now or clock.now()
    text = required_text("text", text)
    with transaction.atomic():
        incident = lock(actor, "add_note", number)
        entry = own_entry(actor, incident, seq)
        versions.check("text", entry.text, base, text)
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
        _tell_again(incident, entry)
    return entry


def redact_entry(*, actor: Actor, number: int, seq: int, now: dt.datetime | None = None) -> TimelineEntry:
    """Blank an entry, its revisions, link and files for good; the row stays with a mark. Own notes, or managers."""
    now = now or clock.now()
    with transaction.atomic():
        incident = lock(actor, "add_note", number)
        entry = own_entry(actor, incident, seq)
        entry.revisions.all().delete()
        forget_files(entry)
        entry.text, entry.data, entry.evidence_link, entry.redacted_at = "", {}, "", now
        entry.save(update_fields=["text", "data", "evidence_link", "redacted_at"])
        _tell_again(incident, entry)
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
            _tell_again(incident, entry)
    return entry


def own_entry(actor: Actor, incident: Incident, seq: int) -> TimelineEntry:
    """The entry, when the actor may change it: its author or a manager, and no record of the product's own."""
    entry = TimelineEntry.objects.filter(incident=incident, seq=seq).first()
    if entry is None:
        raise NotVisible
    if entry.kind not in WRITABLE:
        raise Conflict("What the product recorded itself cannot be changed.", code="not_editable")
    if entry.redacted_at is not None:
        raise Conflict("This entry was redacted.", code="redacted")
    if not may_change(actor, incident, entry):
        raise NotAllowed("Only its author or a manager can change a note.")
    return entry


def may_change(actor: Actor, incident: Incident, entry: TimelineEntry) -> bool:
    """Whether the entry is the actor's own, or the actor manages the incident's team."""
    if entry.kind not in WRITABLE or entry.redacted_at is not None:
        return False
    own = actor.user_id is not None and entry.author_id == actor.user_id
    return own or actor.is_admin or actor.manages(incident.team_id)


def known_entry(incident: Incident, actor: Actor, key: str) -> TimelineEntry | None:
    """What the actor wrote under this key before."""
    if not key:
        return None
    return TimelineEntry.objects.filter(incident=incident, author_id=actor.user_id, client_key=key).first()


def note_key(key: str) -> str:
    if key and not _KEY.match(key):
        raise field_error("key", "At most 64 letters, digits, - and _.")
    return key


def moments(
    begin: dt.datetime | None, end: dt.datetime | None, now: dt.datetime, *, forgive: bool = False
) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Both moments, not later than now. `forgive`: a moment in the future counts as now."""
    for name, moment in (("happened_at", begin), ("happened_until", end)):
        if moment is not None and moment > now + _AHEAD and not forgive:
            raise field_error(name, "That is in the future.")
        if moment is not None and moment < now - _LONG_AGO:
            raise field_error(name, "That is more than ten years ago.")
    if end is not None and end < (begin or now):
        raise field_error("happened_until", "That is before it began.")
    return (min(begin, now) if begin else None), (min(end, now) if end else None)


def address(name: str, text: str) -> str:
    """An http or https address of at most 500 characters, or ''."""
    link = text.strip()
    if link:
        try:
            _is_address(link)
        except ValidationError:
            raise field_error(name, "A full web address that begins with http:// or https://.") from None
        if len(link) > 500:
            raise field_error(name, "At most 500 characters.")
    return link


def _tell_again(incident: Incident, entry: TimelineEntry) -> None:
    publish(TimelineWritten(number=incident.number, seq=entry.seq, entry_kind=entry.kind, edited=True))

"""What every incident action shares: lock the row with the access check, write the record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, TypedDict, Unpack

from core.errors import NotAllowed, NotVisible, field_error
from core.events import publish
from core.text import clean
from incidents.choices import EntryAudience, EntryKind, EntrySource
from incidents.events import IncidentChanged, TimelineWritten
from incidents.models import Incident, RoleAssignment, TimelineEntry
from teams.actor import Actor

MAX_TEXT = 20_000
_SOURCES = {
    "web": EntrySource.WEB,
    "api": EntrySource.API,
    "mail": EntrySource.MAIL,
    "push": EntrySource.PUSH,
    "sms": EntrySource.SMS,
    "voice": EntrySource.VOICE,
    "chat": EntrySource.CHAT,
    "slack": EntrySource.CHAT,
}


def lock(actor: Actor, verb: str, number: int) -> Incident:
    """Access, row and lock in one statement. NotVisible (404) or NotAllowed (403) when refused."""
    rows = Incident.objects.allowing(actor, verb).select_for_update(of=("self",), no_key=True)
    incident: Incident | None = rows.filter(number=number).first()
    if incident is None:
        if Incident.objects.visible_to(actor).filter(number=number).exists():
            raise NotAllowed
        raise NotVisible
    return incident


def lock_pair(actor: Actor, verb: str, first: int, second: int, *, field: str) -> tuple[Incident, Incident]:
    """Two incidents, locked in the order of their keys; needs the right on both.

    NotVisible or NotAllowed about the first, `InvalidInput` naming `field` when the second is not visible.
    """
    numbers = [first, second]
    allowed = Incident.objects.allowing(actor, verb).filter(number__in=numbers)
    rows = {row.number: row for row in allowed.order_by("pk").select_for_update(of=("self",), no_key=True)}
    visible = set(
        Incident.objects.visible_to(actor).filter(number__in=numbers).values_list("number", flat=True)
    )
    if first not in visible:
        raise NotVisible
    if second not in visible:
        raise field_error(field, f"There is no incident #{second}.")
    if len(rows) < 2:
        raise NotAllowed
    return rows[first], rows[second]


def lock_by_number(number: int) -> Incident:
    """For the product's own work: the row without an access check."""
    return Incident.objects.select_for_update(of=("self",), no_key=True).get(number=number)


def required_text(name: str, text: str, limit: int = MAX_TEXT) -> str:
    """Cleaned, non-empty text of at most `limit` characters; `InvalidInput` naming the field."""
    cleaned = clean(text).strip()
    if not cleaned:
        raise field_error(name, "Write something.")
    if len(cleaned) > limit:
        raise field_error(name, f"At most {limit:,} characters.")
    return cleaned


class Said(TypedDict, total=False):
    """What an entry may hold beside who, what and when."""

    text: str
    data: dict[str, Any] | None
    audience: EntryAudience
    happened_at: dt.datetime | None
    happened_until: dt.datetime | None
    evidence_link: str
    client_key: str


def new_entry(
    incident: Incident, *, actor: Actor, kind: EntryKind, now: dt.datetime, **said: Unpack[Said]
) -> TimelineEntry:
    """The next entry of the timeline, not stored yet; under the incident's row lock."""
    incident.last_seq += 1
    return TimelineEntry(
        incident=incident,
        seq=incident.last_seq,
        kind=kind,
        happened_at=said.get("happened_at") or now,
        written_at=now,
        author_id=actor.user_id,
        author_label=actor.label[:200],
        author_role=_role_of(incident, actor.user_id),
        text=said.get("text", ""),
        data=said.get("data") or {},
        audience=said.get("audience", EntryAudience.RESPONDERS),
        source=_SOURCES.get(actor.via, EntrySource.RULE),
        happened_until=said.get("happened_until"),
        evidence_link=said.get("evidence_link", ""),
        client_key=said.get("client_key", ""),
    )


def write_entry(
    incident: Incident, *, actor: Actor, kind: EntryKind, now: dt.datetime, **said: Unpack[Said]
) -> TimelineEntry:
    """Append to the timeline under the incident's row lock; gives the entry the next seq. `said` as in `new_entry`.

    The caller saves the incident afterwards (`save_incident`), which stores `last_seq`.
    """
    entry = new_entry(incident, actor=actor, kind=kind, now=now, **said)
    entry.save(force_insert=True)
    _publish([entry])
    return entry


def write_entries(entries: Sequence[TimelineEntry]) -> None:
    """Append what `new_entry` made, of any number of locked incidents, in one statement."""
    if entries:
        TimelineEntry.objects.bulk_create(entries)
        _publish(entries)


def _publish(entries: Sequence[TimelineEntry]) -> None:
    publish(
        *(
            TimelineWritten(number=entry.incident.number, seq=entry.seq, entry_kind=str(entry.kind))
            for entry in entries
        )
    )


def _role_of(incident: Incident, user_id: int | None) -> str:
    if user_id is None:
        return ""
    if incident.commander_id == user_id:
        return "commander"
    held = RoleAssignment.objects.filter(incident=incident, user_id=user_id, ended_at__isnull=True)
    return held.values_list("role", flat=True).order_by("id").first() or ""


def save_incident(incident: Incident, now: dt.datetime, *fields: str) -> None:
    """Store the named fields together with `last_seq` and `updated_at`."""
    incident.updated_at = now
    incident.save(update_fields=[*fields, "last_seq", "updated_at"])


def announce(incident: Incident, what: str, actor: Actor, **data: Any) -> None:
    """Publish `IncidentChanged` for other apps, webhooks and the feed."""
    publish(
        IncidentChanged(
            number=incident.number,
            what=what,
            team_id=incident.team_id,
            actor_id=actor.user_id,
            actor_label=actor.label,
            data=data,
        )
    )

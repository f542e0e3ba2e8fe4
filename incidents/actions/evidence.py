"""Pictures, logs and links that show what happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from django.db import transaction
from django.db.models import Sum

from core import clock
from core.errors import NotAllowed, NotVisible, field_error
from core.text import clean
from incidents.actions.common import MAX_TEXT, announce, lock, save_incident, write_entry
from incidents.actions.files import EVIDENCE
from incidents.actions.notes import address, known_entry, moments, note_key
from incidents.choices import AttachmentKind, EntryKind
from incidents.evidence import MAX_FILES, MAX_INCIDENT, MIB, Evidence, Upload, inspect
from incidents.models import Incident, TimelineEntry, TimelineFile
from teams.actor import Actor


def add_evidence(
    *,
    actor: Actor,
    number: int,
    files: Sequence[Upload] = (),
    text: str = "",
    happened_at: dt.datetime | None = None,
    link: str = "",
    key: str = "",
    now: dt.datetime | None = None,
) -> TimelineEntry:
    """Attach files (pictures and texts, see `incidents.evidence`), a link, or both, with a text.

    Files are looked at and written before the incident is locked, and removed when the entry is not made.
    """
    now = now or clock.now()
    key, link = note_key(key), address("link", link)
    begin, _end = moments(happened_at, None, now, forgive=bool(key))
    text = clean(text).strip()
    if len(text) > MAX_TEXT:
        raise field_error("text", f"At most {MAX_TEXT:,} characters.")
    if not files and not link:
        raise field_error("files", "Attach a file, or give a link.")
    if len(files) > MAX_FILES:
        raise field_error("files", f"At most {MAX_FILES} files at once.")
    _may(actor, number)
    paths: list[str] = []
    kept: list[Evidence] = []
    try:
        for upload in files:
            found = inspect(upload)
            paths.append(EVIDENCE.store(found.content))
            # The bytes are on disk now and need no memory any more.
            kept.append(replace(found, content=b""))
        return _record(actor, number, kept, paths, text=text, link=link, key=key, begin=begin, now=now)
    except BaseException:
        EVIDENCE.discard(paths)
        raise


def _may(actor: Actor, number: int) -> None:
    """Refuse before work is done for somebody who may not."""
    if not Incident.objects.allowing(actor, "add_evidence").filter(number=number).exists():
        if Incident.objects.visible_to(actor).filter(number=number).exists():
            raise NotAllowed
        raise NotVisible


def _record(
    actor: Actor,
    number: int,
    kept: list[Evidence],
    paths: list[str],
    *,
    text: str,
    link: str,
    key: str,
    begin: dt.datetime | None,
    now: dt.datetime,
) -> TimelineEntry:
    with transaction.atomic():
        incident = lock(actor, "add_evidence", number)
        known = known_entry(incident, actor, key)
        if known is not None:
            EVIDENCE.discard(paths)
            return known
        _room(incident, kept)
        entry = write_entry(
            incident,
            actor=actor,
            kind=EntryKind.EVIDENCE,
            now=now,
            text=text,
            happened_at=begin,
            evidence_link=link,
            client_key=key,
        )
        rows = [_row(entry, found, path, now) for found, path in zip(kept, paths, strict=True)]
        TimelineFile.objects.bulk_create(rows)
        entry.data = {"files": [_shown(row, found) for row, found in zip(rows, kept, strict=True)]}
        entry.save(update_fields=["data"])
        save_incident(incident, now)
        announce(incident, "evidence", actor, seq=entry.seq)
    return entry


def _row(entry: TimelineEntry, found: Evidence, path: str, now: dt.datetime) -> TimelineFile:
    return TimelineFile(
        entry=entry,
        kind=found.kind,
        name=found.name,
        content_type=found.content_type,
        size=found.size,
        width=found.width,
        height=found.height,
        sha256=found.sha256,
        path=path,
        uploaded_at=now,
    )


def _room(incident: Incident, kept: list[Evidence]) -> None:
    held = TimelineFile.objects.filter(entry__incident=incident).aggregate(size=Sum("size"))["size"] or 0
    if held + sum(found.size for found in kept) > MAX_INCIDENT:
        raise field_error("files", f"The files of an incident may come to {MAX_INCIDENT // MIB} MB in all.")


def _shown(row: TimelineFile, found: Evidence) -> dict[str, object]:
    """What the row of the timeline shows, kept with the entry so that showing it asks for nothing more."""
    common = {"id": row.pk, "name": row.name, "kind": row.kind, "size": row.size, "sha256": row.sha256}
    if row.kind == AttachmentKind.IMAGE:
        return common | {"width": row.width, "height": row.height}
    return common | {"head": found.head}

"""Writing a section: text, state, whether the author is shown; mentions go out once."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from core.errors import NotAllowed, field_error
from core.text import clean
from postmortems import library
from postmortems.actions.common import touch, writable
from postmortems.actions.telling import tell_mentioned
from postmortems.choices import SectionKey, SectionState
from postmortems.errors import EditedMeanwhile
from postmortems.live import announce
from postmortems.models import Postmortem, PostmortemSection, SectionRevision
from postmortems.writing.merging import merge
from teams.actor import Actor

MAX_SECTION = 100_000
# Sections in which things may be said without a name.
HIDABLE = (SectionKey.LESSONS, SectionKey.PERSPECTIVES)


def edit_section(
    *,
    actor: Actor,
    postmortem_id: int,
    key: str,
    text: str | None = None,
    version: int | None = None,
    state: str | None = None,
    author_hidden: bool | None = None,
    now: dt.datetime | None = None,
) -> PostmortemSection:
    """Write a section, set its state, or both; what is None stays.

    `version`: the one the writer read. When somebody wrote since, changes to other lines are merged and saved;
    `EditedMeanwhile` when the same lines were changed. Without a version the text simply counts. Every version is
    kept as a revision. `author_hidden` is for lessons and perspectives alone. Closed documents take no more words.
    """
    now = now or clock.now()
    _check(key, text, state, author_hidden)
    with transaction.atomic():
        postmortem = writable(actor, postmortem_id)
        section = _section(postmortem, key)
        before = (section.version, section.state, section.author_hidden)
        _keep_revision(section)
        if text is not None:
            _write(postmortem, section, actor, _lines(text), version, author_hidden, now)
        if author_hidden is not None and author_hidden != section.author_hidden:
            _hide(section, actor, hidden=author_hidden)
        if state is not None:
            section.state = state
        if before != (section.version, section.state, section.author_hidden):
            section.save()
            library.index(postmortem.pk)
            announce(postmortem, f"section.{key}", {"key": key, "version": section.version}, now=now)
    return section


def restore_revision(
    *, actor: Actor, postmortem_id: int, key: str, version: int, now: dt.datetime | None = None
) -> PostmortemSection:
    """What the section said at that version, as its next version."""
    _check(key, None, None, None)
    with transaction.atomic():
        section = _section(writable(actor, postmortem_id), key)
        row = SectionRevision.objects.filter(section=section, version=version).first()
        if row is None:
            raise field_error("version", "There is no such version.")
        return edit_section(actor=actor, postmortem_id=postmortem_id, key=key, text=row.text, now=now)


def _check(key: str, text: str | None, state: str | None, author_hidden: bool | None) -> None:
    if key not in SectionKey.values:
        raise field_error("key", f"One of {', '.join(SectionKey.values)}.")
    if text is not None and len(text) > MAX_SECTION:
        raise field_error("text", f"At most {MAX_SECTION:,} characters.")
    if state is not None and state not in SectionState.values:
        raise field_error("state", f"One of {', '.join(SectionState.values)}.")
    if author_hidden and key not in HIDABLE:
        raise field_error("author_hidden", "Only lessons and perspectives may be written without a name.")


def _section(postmortem: Postmortem, key: str) -> PostmortemSection:
    """The row, made when a document of old has none for this section."""
    row, _created = PostmortemSection.objects.get_or_create(postmortem=postmortem, key=key)
    return row


def _lines(text: str) -> str:
    """Browsers send CRLF; lines are compared, so they end in one way."""
    return clean(text).replace("\r\n", "\n").replace("\r", "\n")


def _write(
    postmortem: Postmortem,
    section: PostmortemSection,
    actor: Actor,
    text: str,
    version: int | None,
    author_hidden: bool | None,
    now: dt.datetime,
) -> None:
    if version is not None and version != section.version:
        text = _merged(section, text, version)
    if text == section.text:
        return
    old, section.text = section.text, text
    section.version += 1
    section.author_id, section.updated_at = actor.user_id, now
    section.author_hidden = section.author_hidden if author_hidden is None else author_hidden
    if section.state == SectionState.TODO and text.strip():
        section.state = SectionState.WRITING
    _keep_revision(section)
    touch(postmortem)
    tell_mentioned(postmortem, section, actor, old=old, new=text, now=now)


def _merged(section: PostmortemSection, text: str, version: int) -> str:
    row = SectionRevision.objects.filter(section=section, version=version).first()
    merged = None if row is None else merge(row.text, text, section.text)
    if merged is None or len(merged) > MAX_SECTION:
        raise EditedMeanwhile(
            base=None if row is None else row.text, theirs=section.text, version=section.version, mine=text
        )
    return merged


def _hide(section: PostmortemSection, actor: Actor, *, hidden: bool) -> None:
    """Only the writer of the present version says whether their name stands at it."""
    if section.author_id is None or section.author_id != actor.user_id:
        raise NotAllowed("Only whoever wrote it last can show or hide the name.")
    section.author_hidden = hidden
    SectionRevision.objects.filter(section=section, version=section.version).update(author_hidden=hidden)


def _keep_revision(section: PostmortemSection) -> None:
    """The present version among the revisions; there already when it was written here."""
    SectionRevision.objects.get_or_create(
        section=section,
        version=section.version,
        defaults={
            "text": section.text,
            "author_id": section.author_id,
            "author_hidden": section.author_hidden,
            "saved_at": section.updated_at,
        },
    )

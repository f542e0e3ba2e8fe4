"""A document as its page shows it: sections with their words as HTML, comments and who writes where. A constant
number of statements, however many sections, comments and pictures there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString

from core import clock
from core.errors import NotVisible
from postmortems.actions.sections import HIDABLE
from postmortems.choices import PostmortemStatus, SectionKey, SectionState
from postmortems.live import topic_of
from postmortems.models import Postmortem, PostmortemImage, PostmortemSection, SectionComment
from postmortems.writing.blame import hints
from postmortems.writing.markdown import Picture, image_ids, to_html
from postmortems.writing.mentions import people_named
from postmortems.writing.presence import Writer, writers
from teams.actor import Actor


@dataclass(frozen=True)
class CommentShown:
    row: SectionComment
    html: SafeString
    mine: bool
    may_resolve: bool


@dataclass
class SectionShown:
    """One section. `writing`: others who have its editor open (names, none where authors may be hidden)."""

    row: PostmortemSection
    html: SafeString
    comments: list[CommentShown] = field(default_factory=list)
    writing: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        return self.row.key

    @property
    def label(self) -> str:
        return str(SectionKey(self.row.key).label)

    @property
    def hidable(self) -> bool:
        return self.row.key in HIDABLE

    @property
    def author(self) -> Any:
        """Whoever wrote it last; None when the name is not to be shown or not known."""
        return None if self.row.author_hidden else self.row.author

    @property
    def written(self) -> bool:
        return bool(self.row.text.strip())

    @property
    def open_comments(self) -> int:
        return sum(each.row.resolved_at is None for each in self.comments)

    @property
    def address(self) -> str:
        return reverse("postmortems:section", args=[self.row.postmortem_id, self.row.key])


@dataclass
class Document:
    """What every part of the page knows."""

    postmortem: Postmortem
    actor: Actor
    may_write: bool
    sections: list[SectionShown] = field(default_factory=list)

    @property
    def topic(self) -> str:
        return topic_of(self.postmortem.pk)

    @property
    def ready(self) -> int:
        return sum(each.row.state == SectionState.READY for each in self.sections)

    @property
    def may_comment(self) -> bool:
        return self.postmortem.status != PostmortemStatus.CLOSED

    @property
    def states(self) -> list[tuple[str, Any]]:
        return list(SectionState.choices)


def visible(actor: Actor, pk: int) -> Postmortem:
    """The postmortem with what its page needs; NotVisible otherwise."""
    rows = Postmortem.objects.visible_to(actor).select_related(
        "incident__severity", "incident__team", "owner", "owner_backup", "organiser", "process_owner"
    )
    row: Postmortem | None = rows.filter(pk=pk).first()
    if row is None:
        raise NotVisible
    return row


def open_document(actor: Actor, pk: int, key: str = "", now: dt.datetime | None = None) -> Document:
    """The document with all its sections, or with the one of that key."""
    postmortem = visible(actor, pk)
    if key and key not in SectionKey.values:
        raise NotVisible
    closed = postmortem.status == PostmortemStatus.CLOSED
    may_write = not closed and Postmortem.objects.allowing(actor).filter(pk=pk).exists()
    document = Document(postmortem, actor, may_write)
    document.sections = _sections(document, [key] if key else list(SectionKey.values), now or clock.now())
    return document


def rendered(postmortem: Postmortem, text: str) -> SafeString:
    """A text as it would stand in the document."""
    return to_html(text, pictures=_pictures(postmortem, [text]), names=people_named([text]))


def editor_context(postmortem: Postmortem, shown: SectionShown, draft: dict[str, Any]) -> dict[str, Any]:
    """What the editor shows: the draft where there is one, else what is saved."""
    row = shown.row
    text = draft.get("text", row.text)
    known = {
        "text": text,
        "version": draft.get("version", row.version),
        "state": draft.get("state") or row.state,
        "author_hidden": row.author_hidden if draft.get("author_hidden") is None else draft["author_hidden"],
        "preview": rendered(postmortem, text),
        "hints": hints(text),
    }
    return {"section": shown, "draft": {**draft, **known}}


def _sections(document: Document, keys: Collection[str], now: dt.datetime) -> list[SectionShown]:
    postmortem = document.postmortem
    found = postmortem.sections.filter(key__in=keys).select_related("author")
    rows = {row.key: row for row in found}
    for key in keys:
        rows.setdefault(key, PostmortemSection(postmortem=postmortem, key=key))
    comments = list(
        SectionComment.objects.filter(section__postmortem=postmortem, section__key__in=keys)
        .select_related("author", "resolved_by", "section")
        .order_by("pk")
    )
    texts = [row.text for row in rows.values()] + [row.text for row in comments]
    pictures, names = _pictures(postmortem, texts), people_named(texts)
    shown = [
        SectionShown(rows[key], to_html(rows[key].text, pictures=pictures, names=names))
        for key in SectionKey.values
        if key in rows
    ]
    by_key = {each.key: each for each in shown}
    actor = document.actor
    for comment in comments:
        mine = comment.author_id is not None and comment.author_id == actor.user_id
        html = to_html(comment.text, names=names)
        by_key[comment.section.key].comments.append(
            CommentShown(comment, html, mine, mine or document.may_write)
        )
    for writer in writers(postmortem.pk, now):
        if writer.user_id != actor.user_id and writer.key in by_key:
            by_key[writer.key].writing.append(shown_name(writer))
    return shown


def shown_name(writer: Writer) -> str:
    """'' where things may be said without a name."""
    return "" if writer.key in HIDABLE else writer.name


def _pictures(postmortem: Postmortem, texts: Iterable[str]) -> dict[int, Picture]:
    wanted = {pk for text in texts for pk in image_ids(text)}
    if not wanted:
        return {}
    rows = PostmortemImage.objects.filter(postmortem=postmortem, pk__in=wanted)
    return {
        pk: Picture(reverse("postmortems:image", args=[postmortem.pk, pk]), width, height)
        for pk, width, height in rows.values_list("pk", "width", "height")
    }

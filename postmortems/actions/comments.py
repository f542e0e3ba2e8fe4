"""What people say about a section. Whoever sees the document may comment; it is settled by its writers."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import clean, one_line
from postmortems.actions.common import audit
from postmortems.actions.telling import tell_about_comment
from postmortems.choices import PostmortemStatus, SectionKey
from postmortems.live import announce
from postmortems.models import Postmortem, PostmortemSection, SectionComment
from teams.actor import Actor

MAX_COMMENT = 5_000
MOST_COMMENTS = 500
_MAX_QUOTE = 300


def add_comment(
    *,
    actor: Actor,
    postmortem_id: int,
    key: str,
    text: str,
    quote: str = "",
    now: dt.datetime | None = None,
) -> SectionComment:
    """Say something about a section; its author and those mentioned get one message."""
    now = now or clock.now()
    if key not in SectionKey.values:
        raise field_error("section", f"One of {', '.join(SectionKey.values)}.")
    text = _words(text)
    with transaction.atomic():
        postmortem = _readable(actor, postmortem_id)
        section, _created = PostmortemSection.objects.get_or_create(postmortem=postmortem, key=key)
        if section.comments.count() >= MOST_COMMENTS:
            raise Conflict("This section has as many comments as it can take.", code="too_many_comments")
        comment = SectionComment.objects.create(
            section=section,
            author_id=actor.user_id,
            author_label=actor.label[:200],
            quote=one_line(quote, _MAX_QUOTE),
            text=text,
            created_at=now,
        )
        tell_about_comment(postmortem, comment, actor, old="", now=now)
        announce(postmortem, f"comments.{key}", {"key": key}, now=now)
    return comment


def edit_comment(
    *, actor: Actor, postmortem_id: int, comment_id: int, text: str, now: dt.datetime | None = None
) -> SectionComment:
    """Write one's own comment anew, while it is not resolved."""
    now = now or clock.now()
    text = _words(text)
    with transaction.atomic():
        postmortem, comment = _own(actor, postmortem_id, comment_id)
        old, comment.text = comment.text, text
        comment.save(update_fields=["text"])
        tell_about_comment(postmortem, comment, actor, old=old, now=now)
        announce(postmortem, f"comments.{comment.section.key}", {"key": comment.section.key}, now=now)
    return comment


def delete_comment(
    *, actor: Actor, postmortem_id: int, comment_id: int, now: dt.datetime | None = None
) -> None:
    """Take one's own comment away, while it is not resolved. Audited."""
    with transaction.atomic():
        postmortem, comment = _own(actor, postmortem_id, comment_id)
        key = comment.section.key
        comment.delete()
        audit(actor, "deleted a comment", postmortem, {"section": key})
        announce(postmortem, f"comments.{key}", {"key": key}, now=now)


def resolve_comment(
    *,
    actor: Actor,
    postmortem_id: int,
    comment_id: int,
    resolved: bool = True,
    now: dt.datetime | None = None,
) -> SectionComment:
    """Settle a comment, or open it again: those who may write the document, and the comment's author."""
    now = now or clock.now()
    with transaction.atomic():
        postmortem = _readable(actor, postmortem_id)
        comment = _comment(postmortem, comment_id)
        writes = Postmortem.objects.allowing(actor).filter(pk=postmortem.pk).exists()
        if not writes and (comment.author_id is None or comment.author_id != actor.user_id):
            raise NotAllowed("Only those who write the postmortem, or who commented, can resolve it.")
        if (comment.resolved_at is not None) != resolved:
            comment.resolved_at = now if resolved else None
            comment.resolved_by_id = actor.user_id if resolved else None
            comment.save(update_fields=["resolved_at", "resolved_by"])
            announce(postmortem, f"comments.{comment.section.key}", {"key": comment.section.key}, now=now)
    return comment


def _words(text: str) -> str:
    text = clean(text).strip()
    if not text:
        raise field_error("text", "Say something.")
    if len(text) > MAX_COMMENT:
        raise field_error("text", f"At most {MAX_COMMENT:,} characters.")
    return text


def _readable(actor: Actor, postmortem_id: int) -> Postmortem:
    """The document, locked, if the actor sees it and may say something; `Conflict` when it is closed."""
    rows = Postmortem.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    postmortem: Postmortem | None = rows.select_related("incident__team").filter(pk=postmortem_id).first()
    if postmortem is None:
        raise NotVisible
    if "respond" not in actor.scopes:
        raise NotAllowed("This token lacks the scope “respond”.", code="scope_missing")
    if postmortem.status == PostmortemStatus.CLOSED:
        raise Conflict("This postmortem is closed.", code="closed")
    return postmortem


def _comment(postmortem: Postmortem, comment_id: int) -> SectionComment:
    rows = SectionComment.objects.filter(section__postmortem=postmortem).select_related("section")
    comment: SectionComment | None = rows.filter(pk=comment_id).first()
    if comment is None:
        raise NotVisible
    return comment


def _own(actor: Actor, postmortem_id: int, comment_id: int) -> tuple[Postmortem, SectionComment]:
    postmortem = _readable(actor, postmortem_id)
    comment = _comment(postmortem, comment_id)
    if comment.author_id is None or comment.author_id != actor.user_id:
        raise NotAllowed("Only whoever wrote a comment can change it.")
    if comment.resolved_at is not None:
        raise Conflict("This comment is resolved; open it again first.", code="resolved")
    return postmortem, comment

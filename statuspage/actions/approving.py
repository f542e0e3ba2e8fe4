"""Words that wait for a manager, and words that are corrected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from core import clock
from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import one_line
from statuspage.actions.common import audit, body_of, in_languages, in_our_time, show
from statuspage.actions.locking import locked_notice
from statuspage.actions.words import decided_here, may_follow, publish_words, refuse
from statuspage.choices import NoticeState
from statuspage.models import Notice, NoticeUpdate, StatusPage
from teams.actor import Actor


def approve_words(*, actor: Actor, update_id: int, now: dt.datetime | None = None) -> NoticeUpdate:
    """Let words that wait go out; approved already: nothing changes. Managers of the page's team."""
    now = now or clock.now()
    with transaction.atomic():
        update, page = _waiting(actor, update_id)
        if update.state == NoticeState.PUBLISHED:
            return update
        decided_here(update)
        may_follow(update.notice, update.status)
        update.decided_by_id = actor.user_id
        publish_words(actor, update, now)
        audit(actor, "words approved", page, update.notice.title)
        show(page, now, actor, update.notice.title)
    return update


def refuse_words(
    *, actor: Actor, update_id: int, reason: str, now: dt.datetime | None = None
) -> NoticeUpdate:
    """Send words that wait back to their author with a reason."""
    reason = one_line(reason, 300)
    if not reason:
        raise field_error("reason", "Say what has to change.")
    with transaction.atomic():
        update, page = _waiting(actor, update_id)
        if update.state == NoticeState.PUBLISHED:
            raise Conflict("The public has read it already.", code="published")
        decided_here(update)
        refuse(update, reason, actor.user_id)
        audit(actor, "words sent back", page, update.notice.title)
    return update


def edit_update(
    *,
    actor: Actor,
    update_id: int,
    body: str | None = None,
    body_in: Mapping[str, str] | None = None,
    said_at: dt.datetime | None = None,
    now: dt.datetime | None = None,
) -> NoticeUpdate:
    """Correct what was said; subscribers are not told again. Managers; the old text stays in the audit trail."""
    now = now or clock.now()
    with transaction.atomic():
        update, page = _waiting(actor, update_id)
        before = update.body
        if body is not None:
            update.body = body_of(body)
        if body_in is not None:
            update.body_in = in_languages(body_in, "body_in")
        if said_at is not None:
            if said_at > now:
                raise field_error("said_at", "Not in the future.")
            update.created_at = in_our_time("said_at", said_at)
        update.edited_at = now
        update.save()
        Notice.objects.filter(pk=update.notice_id).update(updated_at=now)
        audit(actor, "words corrected", page, update.notice.title, before=before[:2000])
        show(page, now, actor, f"{update.notice.title}: corrected")
    return update


def _waiting(actor: Actor, update_id: int) -> tuple[NoticeUpdate, StatusPage]:
    update: NoticeUpdate | None = NoticeUpdate.objects.visible_to(actor).filter(pk=update_id).first()
    if update is None:
        raise NotVisible
    notice, page = locked_notice(actor, update.notice_id)
    if not actor.manages(page.team_id):
        raise NotAllowed("Only a manager of the page's team can decide that.")
    update = NoticeUpdate.objects.filter(pk=update_id).first()
    if update is None:
        raise NotVisible
    if update.state == NoticeState.REFUSED:
        raise Conflict("It was sent back already.", code="refused")
    update.notice = notice
    return update, page

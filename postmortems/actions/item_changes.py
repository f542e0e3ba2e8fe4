"""Snoozing, dropping with approval, and what people say about an action item."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from core.errors import Conflict, field_error
from core.text import clean, one_line
from notifications.actions.messages import request_message
from notifications.choices import Category
from postmortems.actions.item_rows import MAX_NOTE, locked, written
from postmortems.choices import ItemStatus
from postmortems.items.workdays import zone_of
from postmortems.models import ActionItem, ItemNote
from postmortems.selectors.leads import deciders
from teams.actor import Actor

LONGEST_SNOOZE = dt.timedelta(days=30)


def snooze_item(
    *, actor: Actor, item_id: int, until: dt.date | None, reason: str = "", now: dt.datetime | None = None
) -> ActionItem:
    """No reminder before this day, at most 30 days ahead by the owner's date; needs a reason. None ends it."""
    now = now or clock.now()
    reason = one_line(reason, 300)
    with transaction.atomic():
        item = locked(actor, item_id)
        if not item.is_open:
            raise Conflict("It is closed; nothing reminds of it.", code="closed")
        if until is None:
            if item.snoozed_until is None:
                return item
            item.snoozed_until, item.snooze_reason, text = None, "", "Reminders go on."
        else:
            today = now.astimezone(zone_of(item.owner)).date()
            if not today < until <= today + LONGEST_SNOOZE:
                raise field_error("until", "Choose a day after today, at most 30 days ahead.")
            if not reason:
                raise field_error("reason", "Say why it can wait.")
            item.snoozed_until, item.snooze_reason = until, reason
            text = f"No reminder before {until:%-d %B %Y}: {reason}"
        item.updated_at = now
        item.save(update_fields=["snoozed_until", "snooze_reason", "updated_at"])
        until_word = until.isoformat() if until else None
        written(
            actor,
            item,
            "snooze",
            text,
            now=now,
            verb="snoozed",
            data={"until": until_word, "reason": reason},
        )
    return item


def ask_to_drop(actor: Actor, item: ActionItem, now: dt.datetime) -> None:
    """Keep the request and tell those who decide; `item.reason` is set, the row locked. Asking again with another
    reason replaces it."""
    first = item.drop_asked_at is None
    item.drop_asked_by_id, item.drop_asked_at = actor.user_id, now
    item.save(update_fields=["drop_asked_by", "drop_asked_at", "reason", "updated_at"])
    written(
        actor,
        item,
        "drop",
        f"Asked not to do it: {item.reason}",
        now=now,
        verb="asked to drop",
        data={"reason": item.reason},
    )
    if not first:
        return
    for user_id in deciders(item, but=actor.user_id):
        _tell(
            item,
            user_id,
            f"Drop this action item? {item.title}",
            f"{actor.label} asks not to do it: {item.reason}\n\nIt stays open until you or another manager decides.",
            now,
        )


def approve_drop(*, actor: Actor, item_id: int, now: dt.datetime | None = None) -> ActionItem:
    """It will not be done. Who asked decides only as a manager; `Conflict` when nobody asks any more."""
    now = now or clock.now()
    with transaction.atomic():
        item = _asked(actor, item_id)
        asker = item.drop_asked_by_id
        item.status, item.closed_at, item.updated_at = ItemStatus.WONT_DO, now, now
        item.drop_approved_by_id = actor.user_id
        forget_drop(item)
        item.save()
        written(
            actor,
            item,
            "drop",
            f"Agreed not to do it: {item.reason}",
            now=now,
            verb="drop approved",
            data={"reason": item.reason, "asked_by": asker},
        )
        _answer(actor, item, asker, "Agreed: it will not be done.", now)
    return item


def refuse_drop(
    *, actor: Actor, item_id: int, reason: str = "", now: dt.datetime | None = None
) -> ActionItem:
    """It stays to be done; the reason, if any, goes to who asked."""
    now = now or clock.now()
    reason = one_line(reason, 500)
    with transaction.atomic():
        item = _asked(actor, item_id)
        asker = item.drop_asked_by_id
        forget_drop(item)
        item.reason, item.updated_at = "", now
        item.save()
        words = f"It stays to be done: {reason}" if reason else "It stays to be done."
        written(
            actor,
            item,
            "drop",
            words,
            now=now,
            verb="drop refused",
            data={"reason": reason, "asked_by": asker},
        )
        _answer(actor, item, asker, words, now)
    return item


def add_item_note(*, actor: Actor, item_id: int, text: str, now: dt.datetime | None = None) -> ItemNote:
    """Something to say about it: its owner and backup, responders and support."""
    now = now or clock.now()
    text = clean(text).strip()
    if not text:
        raise field_error("text", "Write something first.")
    if len(text) > MAX_NOTE:
        raise field_error("text", f"At most {MAX_NOTE:,} characters.")
    with transaction.atomic():
        item = locked(actor, item_id, "note")
        return written(actor, item, "note", text, now=now, by_hand=True, verb="noted")


def forget_drop(item: ActionItem) -> None:
    """Nobody asks for it to be dropped any more; without saving."""
    item.drop_asked_by, item.drop_asked_at = None, None


def _asked(actor: Actor, item_id: int) -> ActionItem:
    item = locked(actor, item_id, "decide")
    if item.drop_asked_at is None or not item.is_open:
        raise Conflict("Nobody asks to drop it any more.", code="not_asked")
    return item


def _answer(actor: Actor, item: ActionItem, asker: int | None, words: str, now: dt.datetime) -> None:
    if asker is not None and asker != actor.user_id:
        _tell(item, asker, f"Decided: {item.title}", f"{actor.label}: {words}", now)


def _tell(item: ActionItem, user_id: int, title: str, body: str, now: dt.datetime) -> None:
    request_message(
        key=f"item/{item.pk}/drop/{now:%Y%m%dT%H%M%S%f}/{user_id}",
        category=Category.REMINDER,
        user_id=user_id,
        title=title,
        body=body,
        url_path=item.get_absolute_url(),
        team_id=item.team_id,
        now=now,
    )

"""What people answer by text message, key and button."""

from __future__ import annotations

import datetime as dt
import re

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from core.text import one_line
from notifications import replies
from notifications.choices import Category, Channel, Provider
from notifications.models import Delivery, ProviderEvent
from notifications.outbox import reply_codes, reports
from notifications.outbox.reply_codes import Waiting
from notifications.transports.twilio.client import OPTED_OUT

_STOP = {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
_START = {"start", "unstop", "yes"}
_VERBS = {"4": "acknowledge", "6": "resolve", "8": "decline"}
_TEXT = re.compile(
    r"\W*(?:(?P<acknowledge>4|ack(?:nowledged?)?|ok)|(?P<resolve>6|resolved?)"
    r"|(?P<decline>8|declined?|no|can'?t(?: take it)?|cannot))(?:\W*(?P<code>\d{2}))?\W*",
    re.IGNORECASE,
)
_LISTED = 4


def answer_text(*, message_id: str, number: str, text: str, now: dt.datetime) -> str:
    """Act on a text message from a number; returns what is texted back, "" for nothing.

    A message delivered twice acts once and is answered the same. A number nobody has proven gets no answer.
    """
    with transaction.atomic():
        # Codes are written before the incident is locked: deliveries come last in the order of locks.
        reply_codes.waiting(number, now)
    with transaction.atomic():
        event, new = ProviderEvent.objects.get_or_create(
            provider=Provider.TWILIO,
            key=f"text:{message_id}"[:200],
            defaults={"kind": "text", "received_at": now},
        )
        if new:
            event.detail = one_line(_answer_text(number, text.strip(), now), 300)
            event.save(update_fields=["detail"])
    return event.detail


def _answer_text(number: str, text: str, now: dt.datetime) -> str:
    word = text.lower()
    if word in _STOP:
        reports.retire_number(number=number, channel=Channel.SMS, reason=OPTED_OUT, now=now)
        return ""
    if word in _START:
        reports.restore_number(number=number, channel=Channel.SMS, reason=OPTED_OUT)
        return ""
    waiting = reply_codes.waiting(number, now)
    if not waiting:
        return ""
    user = waiting[0].delivery.user
    with translation.override(user.language if user is not None else "en"):
        return _answer_waiting(waiting, _TEXT.fullmatch(text[:200]))


def _answer_waiting(waiting: list[Waiting], match: re.Match[str] | None) -> str:
    open_ones = [each for each in waiting if each.subject.open]
    if match is None:
        return _help(open_ones or waiting[:1])
    verb = next(name for name in ("acknowledge", "resolve", "decline") if match[name])
    if match["code"]:
        chosen = [each for each in waiting if each.code == int(match["code"])]
        if not chosen:
            return _("No page has the code %(code)s.") % {"code": match["code"]} + _also(open_ones)
    else:
        chosen = open_ones or waiting[:1]
    if len(chosen) > 1:
        return _("Several pages wait.") + _also(chosen)
    row = chosen[0].delivery
    sentence = act(verb, row, via="sms")
    return one_line(f"{chosen[0].subject.title}: {sentence}", 300)


def _help(waiting: list[Waiting]) -> str:
    if len(waiting) > 1:
        return _("Several pages wait.") + _also(waiting)
    return _("Reply 4 to acknowledge, 6 to resolve, 8 can't take it") + f": {waiting[0].subject.title}"


def _also(waiting: list[Waiting]) -> str:
    """The list of what waits, with codes."""
    if not waiting:
        return ""
    listed = "; ".join(f"{each.code:02} {one_line(each.subject.title, 40)}" for each in waiting[:_LISTED])
    return " " + _("Reply 4, 6 or 8 and the code: %(listed)s") % {"listed": listed}


def answer_key(*, delivery_id: int, call_id: str, turn: int, key: str, now: dt.datetime) -> str | None:
    """Act on a key pressed in a call; the sentence to speak, None when the key means nothing."""
    verb = _VERBS.get(key)
    if verb is None:
        return None
    return answer_once(
        provider=Provider.TWILIO,
        key=f"key:{call_id}:{turn}",
        delivery_id=delivery_id,
        verb=verb,
        via="voice",
        now=now,
    )


def answer_once(
    *, provider: str, key: str, delivery_id: int, verb: str, via: str, now: dt.datetime
) -> str | None:
    """Act as the person a page was sent to; the same `key` acts once and gets the same sentence.

    None when there is no such page any more.
    """
    with transaction.atomic():
        row = page(delivery_id)
        if row is None:
            return None
        event, new = ProviderEvent.objects.get_or_create(
            provider=provider,
            key=key[:200],
            defaults={"delivery": row, "kind": verb, "received_at": now},
        )
        if new:
            event.detail = one_line(act(verb, row, via=via), 300)
            event.save(update_fields=["detail"])
    return event.detail


def page(delivery_id: int) -> Delivery | None:
    """A page to somebody who is still here."""
    rows = Delivery.objects.filter(category=Category.PAGE, user__is_active=True).exclude(subject_key="")
    return rows.select_related("user").filter(pk=delivery_id).first()


def act(verb: str, row: Delivery, *, via: str) -> str:
    """One of the three verbs, through the port, in the person's language."""
    port = replies.port()
    call = {"acknowledge": port.acknowledge, "resolve": port.resolve, "decline": port.decline}[verb]
    language = row.user.language if row.user is not None else "en"
    with translation.override(language):
        return call(subject_key=row.subject_key, user_id=row.user_id or 0, via=via)

"""What became of a message, and what that says about its subscriber. Only the holder of the lease writes."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models.functions import Greatest

from core import clock
from statuspage.actions.subscribers import drop_waiting
from statuspage.choices import (
    OVER,
    MessageState,
    NoticeState,
    SubscriberKind,
    SubscriberState,
)
from statuspage.models import Subscriber, SubscriberMessage

# Mail that is a day old tells nobody anything; receivers of hooks may be down for a week-end's day.
_TRIED_FOR = {True: dt.timedelta(hours=24), False: dt.timedelta(hours=48)}
_CAPS = {True: 3600.0, False: 6 * 3600.0}
_REFUSALS, _FAILURES = 2, 10


@dataclass(frozen=True)
class Failure:
    """Why a message was not taken. `final`: trying again is pointless. `address`: the mail address is refused for
    good. `gone`: the receiver wants nothing more. `retry_after`: seconds it asked for."""

    reason: str
    final: bool = False
    address: bool = False
    gone: bool = False
    retry_after: float | None = None


def unwanted(message: SubscriberMessage) -> bool:
    """Whether the subscriber has ended it meanwhile, or what it is about is over for them."""
    subscriber, announcement = message.subscriber, message.announcement
    if announcement is None:
        return subscriber.state not in (SubscriberState.PENDING, SubscriberState.ACTIVE)
    if subscriber.state != SubscriberState.ACTIVE:
        return True
    notice = announcement.notice
    if notice is None:
        return False
    if notice.state != NoticeState.PUBLISHED:
        return True
    over = notice.status in OVER
    if announcement.update is None:
        return over or notice.cancelled_at is not None
    return subscriber.notice_id is not None and over and announcement.update.status not in OVER


def too_old(message: SubscriberMessage, now: dt.datetime) -> bool:
    """Whether it has waited for so long that it is not sent any more."""
    return now - message.created_at > _TRIED_FOR[_is_mail(message)]


def accepted(message: SubscriberMessage) -> None:
    """The provider has it."""
    now = clock.database_now()
    with transaction.atomic():
        if not _finish(message, state=MessageState.SENT, sent_at=now, error=""):
            return
        subscriber = message.subscriber
        changed: dict[str, Any] = {"last_sent_at": now}
        if message.announcement is not None:
            changed |= {"failures": 0, "last_error": ""}
        Subscriber.objects.filter(pk=subscriber.pk).update(**changed)
        if subscriber.failures:
            _rest(subscriber).update(next_at=now)
        if _last_word(message):
            active = Subscriber.objects.filter(pk=subscriber.pk, state=SubscriberState.ACTIVE)
            active.update(state=SubscriberState.ENDED, ended_at=now)


def dropped(message: SubscriberMessage) -> None:
    """Nothing was sent, and nothing will be."""
    _finish(message, state=MessageState.DROPPED)


def failed(message: SubscriberMessage, failure: Failure) -> None:
    """Try again later, or give up; a subscriber that takes nothing is paused."""
    now = clock.database_now()
    reason = failure.reason[:300]
    with transaction.atomic():
        final = failure.final or failure.gone or too_old(message, now)
        if final:
            ours = _finish(message, state=MessageState.FAILED, error=reason)
        else:
            later = now + pause(message.attempts, mail=_is_mail(message), retry_after=failure.retry_after)
            ours = _finish(message, state=MessageState.PENDING, error=reason, next_at=later)
        if ours and message.subscriber.state in (SubscriberState.ACTIVE, SubscriberState.PENDING):
            _blame(message, failure, reason, final=final)


def pause(attempts: int, *, mail: bool, retry_after: float | None = None) -> dt.timedelta:
    """Before the next attempt: mail doubles from 30 s to an hour, hooks triple from 10 s to six; half random."""
    base = 15.0 * 2.0 ** min(attempts, 12) if mail else 10.0 * 3.0 ** min(attempts - 1, 10)
    wait = min(base, _CAPS[mail]) * (0.75 + random.random() / 4)  # noqa: S311 - spreads load, guards nothing
    return dt.timedelta(seconds=max(wait, retry_after or 0.0))


def _blame(message: SubscriberMessage, failure: Failure, reason: str, *, final: bool) -> None:
    """A question that fails says nothing about hooks; a mail server in trouble nothing about the address."""
    rows = Subscriber.objects.filter(pk=message.subscriber_id)
    rows.update(last_error=reason)
    if message.announcement is None or message.subscriber.kind == SubscriberKind.EMAIL:
        if not failure.address:
            return
        failures, limit, state = message.subscriber.failures + 1, _REFUSALS, SubscriberState.BOUNCED
        rows.update(failures=failures)
    else:
        count = message.subscriber.failures + 1 if final else message.attempts
        rows.update(failures=Greatest("failures", count))
        failures, limit, state = count, _FAILURES, SubscriberState.QUARANTINED
    if failures >= limit or failure.gone:
        rows.update(state=state)
        drop_waiting(message.subscriber)


def _finish(message: SubscriberMessage, **values: Any) -> bool:
    """Write it unless the lease is another's by now."""
    rows = SubscriberMessage.objects.filter(
        pk=message.pk, state=MessageState.SENDING, lease_token=message.lease_token
    )
    return bool(rows.update(lease_token=None, **values))


def _rest(subscriber: Subscriber) -> Any:
    return SubscriberMessage.objects.filter(subscriber=subscriber, state=MessageState.PENDING)


def _is_mail(message: SubscriberMessage) -> bool:
    return message.announcement is None or message.subscriber.kind == SubscriberKind.EMAIL


def _last_word(message: SubscriberMessage) -> bool:
    """Whether a follower of one notice has now heard that it is over."""
    announcement = message.announcement
    if message.subscriber.notice_id is None or announcement is None or announcement.update is None:
        return False
    return announcement.update.status in OVER

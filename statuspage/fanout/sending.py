"""Sends what is due to subscribers: questions first, then mail and hooks in turn.

At most one process of an installation sends at a time, so that the workers of other things keep room; were there
two, leases keep them apart.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import orjson
from django.db import connection

from core import clock
from core.crypto import unseal
from core.wakeup import wake
from notifications.transports.calling import call_limit
from statuspage.choices import MessageState, SubscriberKind
from statuspage.fanout import claims, hooks, letters, outcomes
from statuspage.fanout.calling import Call
from statuspage.fanout.mailing import MailServer
from statuspage.fanout.news import News, read
from statuspage.fanout.outcomes import Failure
from statuspage.models import SubscriberMessage

_LONGEST = 5.0
# Names the lock of the one that sends; any number that nothing else locks.
_LOCK = 0x5374_6174
_LATE = "It could not be sent in time."

Told = dict[int, News]


def send_due() -> int:
    """Send for some seconds or until nothing is due; returns how many messages were dealt with."""
    begun = time.monotonic()
    total = 0
    with _alone() as alone:
        while alone:
            count = sum(lane() for lane in (_questions, _mails, _hooks))
            total += count
            if not count:
                return total
            if time.monotonic() - begun > _LONGEST:
                break
    if total:
        wake("statuspage.send")
    return total


@contextmanager
def _alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        got = bool(cursor.fetchone()[0])
        try:
            yield got
        finally:
            if got:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _questions() -> int:
    return _post(claims.QUESTIONS, lambda message, _told: letters.question(message))


def _mails() -> int:
    def letter(message: SubscriberMessage, told: Told) -> letters.Letter | None:
        news = told.get(message.announcement_id or 0)
        return letters.about(message, news) if news and news.notice else None

    return _post(claims.MAILS, letter)


def _post(lane: claims.Lane, letter: Callable[[SubscriberMessage, Told], letters.Letter | None]) -> int:
    """One batch of mail over one connection; each result is written before the next letter goes."""
    until = time.monotonic() + lane.lease.total_seconds() - 4 * call_limit()
    token, batch = claims.claim(lane)
    told = _read(batch)
    with MailServer() as server:
        for at, message in enumerate(batch):
            if time.monotonic() > until:
                claims.give_back(token, [row.pk for row in batch[at:]])
                break
            if not _wanted(message, token):
                continue
            ready = letter(message, told)
            if ready is None:
                outcomes.dropped(message)
                continue
            failure = server.send(ready)
            _record(message, failure)
            if failure is not None and server.down:
                for other in batch[at + 1 :]:
                    outcomes.failed(other, Failure(failure.reason))
                break
    return len(batch)


def _hooks() -> int:
    """One batch of hooks, each receiver in a thread of its own that knows no database and keeps their order."""
    token, batch = claims.claim(claims.HOOKS)
    told = _read(batch)
    now = clock.now()
    calls: list[tuple[SubscriberMessage, Call]] = []
    for message in batch:
        if not _wanted(message, token):
            continue
        news = told.get(message.announcement_id or 0)
        call = _call(message, news) if news else None
        if call is None:
            outcomes.dropped(message)
        elif not call.url or (message.subscriber.kind == SubscriberKind.WEBHOOK and not call.secret):
            reason = "The address or the signing secret cannot be read: the secret key has changed."
            outcomes.failed(message, Failure(reason, final=True))
        else:
            calls.append((message, call))
    in_order: dict[int, list[tuple[SubscriberMessage, Call]]] = {}
    for message, call in calls:
        in_order.setdefault(message.subscriber_id, []).append((message, call))
    if in_order:
        until = time.monotonic() + claims.HOOKS.lease.total_seconds() / 2
        with ThreadPoolExecutor(len(in_order), thread_name_prefix="hooks") as pool:
            ended = list(pool.map(lambda rows: _one_by_one(rows, now, until), in_order.values()))
        for rows, failures in zip(in_order.values(), ended, strict=True):
            for (message, _sent), failure in zip(rows, failures, strict=False):
                _record(message, failure)
            claims.give_back(token, [message.pk for message, _left in rows[len(failures) :]])
    return len(batch)


def _one_by_one(
    rows: Sequence[tuple[SubscriberMessage, Call]], now: dt.datetime, until: float
) -> list[Failure | None]:
    """Call one receiver in order. After a failure, or when the lease is half over, the rest is left for later."""
    done: list[Failure | None] = []
    for _message, call in rows:
        done.append(call.send(now))
        if done[-1] is not None or time.monotonic() > until:
            break
    return done


def _call(message: SubscriberMessage, news: News) -> Call | None:
    """What goes to the hook; None where it is told nothing."""
    subscriber = message.subscriber
    key, url = f"msg_{message.key.hex}", unseal(subscriber.address)
    if subscriber.kind == SubscriberKind.WEBHOOK:
        body = hooks.webhook(news, subscriber, clock.now())
        return Call(url, orjson.dumps(body), key, unseal(subscriber.secret) if subscriber.secret else "")
    if news.notice is None:
        return None
    shape = hooks.slack if subscriber.kind == SubscriberKind.SLACK else hooks.teams
    return Call(url, orjson.dumps(shape(news, subscriber)), key)


def _read(batch: Sequence[SubscriberMessage]) -> Told:
    return read(message.announcement for message in batch if message.announcement is not None)


def _wanted(message: SubscriberMessage, token: uuid.UUID) -> bool:
    """Just before it is sent: still ours, not ended meanwhile, not too old."""
    mine = SubscriberMessage.objects.filter(pk=message.pk, lease_token=token, state=MessageState.SENDING)
    state = mine.values_list("subscriber__state", flat=True).first()
    if state is None:
        return False
    message.subscriber.state = state
    if outcomes.unwanted(message):
        outcomes.dropped(message)
        return False
    # The lease ends by the database clock, and soon enough to stand for now.
    if outcomes.too_old(message, message.next_at):
        outcomes.failed(message, Failure(_LATE, final=True))
        return False
    return True


def _record(message: SubscriberMessage, failure: Failure | None) -> None:
    if failure is None:
        outcomes.accepted(message)
    else:
        outcomes.failed(message, failure)

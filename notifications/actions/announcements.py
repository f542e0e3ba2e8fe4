"""The same words for many people at once: by the way each of them prefers, or to a mail address outside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from core.text import clean, one_line
from core.wakeup import wake
from notifications import reach
from notifications.choices import OPEN_STATUSES, Category, Channel, DeliveryStatus, Priority, Urgency
from notifications.models import ContactMethod, Delivery

# By what people may be told something that is no page.
CHANNELS = (Channel.EMAIL, Channel.PUSH, Channel.SMS, Channel.SLACK, Channel.APPRISE)
_LIFE = dt.timedelta(hours=24)


@dataclass(frozen=True)
class Addressee:
    """Who is told. A person (`user_id`) by `channel`, or by e-mail where they have no such way confirmed; else
    the mail `address`. `name` ends the delivery's key. `why`: the line that says why they get this; `stop`: the
    path by which they stop it. `title` and `body` replace those of the announcement for this one."""

    name: str
    user_id: int | None = None
    address: str = ""
    channel: str = Channel.EMAIL
    why: str = ""
    stop: str = ""
    title: str = ""
    body: str = ""


@dataclass(frozen=True)
class Announcement:
    """What is said. `source` names what asks for it (`update:12`) and begins each delivery's key."""

    source: str
    category: str
    title: str
    body: str
    url_path: str
    subject_key: str = ""
    team_id: int | None = None
    urgency: str = Urgency.LOW


def announce_to(
    announcement: Announcement,
    addressees: Sequence[Addressee],
    *,
    now: dt.datetime,
    not_before: dt.datetime | None = None,
) -> int:
    """One delivery each; returns how many were written. Asked again, it writes only those that are missing.

    What can wait respects each person's quiet hours. People who are deactivated or cannot be reached are left
    out. `not_before`: may be taken back until then. A constant number of statements.
    """
    with transaction.atomic():
        people = reach.load([one.user_id for one in addressees if one.user_id is not None], now)
        chosen = {pk: _method(person, addressees) for pk, person in people.items() if person.user.is_active}
        used = [people[pk] for pk, method in chosen.items() if method is not None and method.pk is None]
        reach.save_defaults(used)
        rows = []
        for one in addressees:
            row = _delivery(announcement, one, people, now)
            if row is None:
                continue
            due = max(row.due_at, not_before or row.due_at)
            row.due_at, row.expires_at = due, due + _LIFE
            rows.append(row)
        known = set(Delivery.objects.filter(key__in=[row.key for row in rows]).values_list("key", flat=True))
        new = [row for row in rows if row.key not in known]
        Delivery.objects.bulk_create(new, ignore_conflicts=True, batch_size=500)
        if new:
            wake("notifications.send_due")
    return len(new)


def withdraw_announcement(*, source: str, subject_key: str, reason: str, now: dt.datetime) -> int:
    """Take back what has not left; returns how many messages that were."""
    with transaction.atomic():
        rows = Delivery.objects.filter(subject_key=subject_key, source=source, status__in=OPEN_STATUSES)
        ids = list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
        return Delivery.objects.filter(pk__in=ids).update(
            status=DeliveryStatus.WITHDRAWN, lease_token=None, lease_until=None, finished_at=now, error=reason
        )


def way_of(person: reach.Person, channel: str) -> ContactMethod | None:
    """The person's first confirmed method of that channel, else their mail."""
    return next(iter(person.by(channel)), None) or person.account_mail


def _method(person: reach.Person, addressees: Sequence[Addressee]) -> ContactMethod | None:
    wanted = next(one.channel for one in addressees if one.user_id == person.user.pk)
    return way_of(person, wanted)


def _delivery(
    announcement: Announcement, one: Addressee, people: dict[int, reach.Person], now: dt.datetime
) -> Delivery | None:
    channel, address, lane, due_at, method = Channel.EMAIL, one.address, f"address:{one.address}", now, None
    if one.user_id is not None:
        person = people.get(one.user_id)
        method = way_of(person, one.channel) if person is not None and person.user.is_active else None
        if person is None or method is None:
            return None
        channel, address, lane = Channel(method.channel), method.address, reach.lane_of(method)
        due_at = person.postponed(now, announcement.urgency)
    extra = {name: value for name, value in (("why", one.why), ("stop", one.stop)) if value}
    return Delivery(
        key=f"{announcement.source}:{one.name}"[:200],
        category=Category(announcement.category),
        channel=channel,
        user_id=one.user_id,
        method=method,
        team_id=announcement.team_id,
        address=address,
        lane=lane[:200],
        priority=Priority.MESSAGE,
        source=announcement.source,
        subject_key=announcement.subject_key,
        urgency=announcement.urgency,
        title=one_line(one.title or announcement.title, 300),
        body=clean(one.body or announcement.body, 20_000),
        url_path=announcement.url_path if one.user_id is not None else "",
        payload=extra,
        due_at=due_at,
        expires_at=due_at + _LIFE,
        created_at=now,
    )

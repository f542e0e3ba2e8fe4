"""Reads of subscribers, and how long they and their messages stay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from core import housekeeping
from statuspage.choices import OVER, SubscriberKind, SubscriberState
from statuspage.models import Announcement, StatusPage, Subscriber, SubscriberMessage
from statuspage.subscribers.addresses import digest_of

PENDING_FOR = dt.timedelta(days=7)
ENDED_FOR = dt.timedelta(days=30)
MESSAGES_FOR = dt.timedelta(days=30)


def subscribers(
    page: StatusPage, *, kinds: Sequence[str] = (), states: Sequence[str] = (), address: str = ""
) -> QuerySet[Subscriber]:
    """The page's subscribers with what a list shows; `address` finds that address exactly, of whatever kind."""
    rows: QuerySet[Subscriber] = Subscriber.objects.filter(page=page)
    if kinds:
        rows = rows.filter(kind__in=kinds)
    if states:
        rows = rows.filter(state__in=states)
    if address:
        rows = rows.filter(address_digest__in=[digest_of(kind, address) for kind in SubscriberKind.values])
    return rows.select_related("notice").prefetch_related("components")


def counts(page: StatusPage) -> dict[str, int]:
    """State → how many subscribers, every state named. One statement."""
    rows = Subscriber.objects.filter(page=page).order_by().values_list("state").annotate(Count("pk"))
    return {**dict.fromkeys(SubscriberState.values, 0), **dict(rows)}


def kind_counts(page: StatusPage) -> dict[str, int]:
    """Kind → how many subscribers, of those that are there. One statement."""
    rows = Subscriber.objects.filter(page=page).order_by().values_list("kind").annotate(Count("pk"))
    return dict(rows)


def told(announcements: Sequence[Announcement]) -> dict[int, dict[str, int]]:
    """Announcement → state of its messages → how many. One statement."""
    rows = SubscriberMessage.objects.filter(announcement__in=announcements).order_by()
    found: dict[int, dict[str, int]] = {row.pk: {} for row in announcements}
    for key, state, count in rows.values_list("announcement_id", "state").annotate(Count("pk")):
        found[key][state] = count
    return found


def register() -> None:
    """Tell the hourly housekeeping. Messages go with their subscriber."""
    housekeeping.register("status subscribers", old_subscribers)
    housekeeping.register("status messages", old_messages)
    housekeeping.register("status announcements", old_announcements)


def old_subscribers(now: dt.datetime) -> QuerySet[Any]:
    """Never confirmed within a week of the last question, ended a month ago, or of a notice over for a month."""
    pending = Q(state=SubscriberState.PENDING) & (
        Q(asked_at__lt=now - PENDING_FOR) | Q(asked_at__isnull=True, created_at__lt=now - PENDING_FOR)
    )
    ended = Q(state=SubscriberState.ENDED, ended_at__lt=now - ENDED_FOR)
    over = Q(notice__status__in=OVER, notice__updated_at__lt=now - ENDED_FOR)
    return Subscriber.objects.filter(pending | ended | over)


def old_messages(now: dt.datetime) -> QuerySet[Any]:
    """Written a month ago; what is still waiting then is not sent either."""
    return SubscriberMessage.objects.filter(
        Q(announcement__created_at__lt=now - MESSAGES_FOR)
        | Q(announcement__isnull=True, created_at__lt=now - MESSAGES_FOR)
    )


def old_announcements(now: dt.datetime) -> QuerySet[Any]:
    """Queued a month ago, their messages gone."""
    messages = SubscriberMessage.objects.filter(announcement=OuterRef("pk"))
    rows: QuerySet[Any] = Announcement.objects.filter(
        created_at__lt=now - MESSAGES_FOR, done_at__isnull=False
    )
    return rows.filter(~Exists(messages))

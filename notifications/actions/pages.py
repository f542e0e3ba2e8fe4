"""Asking for pages, and taking them back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from core.text import clean, one_line
from core.wakeup import wake
from notifications import limits, reach
from notifications.choices import OPEN_STATUSES, Category, DeliveryStatus, Priority
from notifications.models import Delivery

# After this long without a page from a service its next one is a first page again.
CALM_AFTER = dt.timedelta(minutes=5)
_BODY_LIMIT = 20_000


@dataclass(frozen=True)
class PageRequest:
    """One page, for any number of people.

    `key_prefix`: `run/step/round`, makes a repeated request harmless. `source`: who asks (`run:12`).
    `subject_key`: what it is about (`incident:42`). `lane`: where it comes from (`svc:7` or "").
    """

    key_prefix: str
    source: str
    subject_key: str
    lane: str
    urgency: str
    team_id: int | None
    title: str
    body: str
    url_path: str


def request_pages(
    *,
    request: PageRequest,
    user_ids: Sequence[int],
    now: dt.datetime,
    known: Mapping[int, reach.Person] | None = None,
) -> dict[int, str]:
    """Write the deliveries of a page by each person's rules; a constant number of statements.

    Returns for each person "" when at least one delivery is there, else the reason. A request made before
    writes nothing new. Wakes the senders. `known`: people read in this transaction already, by `reach.load`.
    """
    with transaction.atomic(savepoint=False):
        people = known if known is not None else reach.load(user_ids, now)
        reasons = {user: reach.reason_unreachable(people.get(user), request.urgency) for user in user_ids}
        reachable = [people[user] for user, reason in reasons.items() if not reason]
        reach.save_defaults(reachable)
        rows = [
            _delivery(request, person, step, now)
            for person in reachable
            for step in reach.steps_of(person, request.urgency)
        ]
        mark_first_pages(rows, now)
        Delivery.objects.bulk_create(rows, ignore_conflicts=True)
        if rows:
            wake("notifications.send_due")
    return reasons


def withdraw(
    *,
    subject_key: str | None = None,
    source: str | None = None,
    user_id: int | None = None,
    reason: str,
    now: dt.datetime,
) -> int:
    """Take back the pages of a subject or source that have not left (to one person); returns how many.

    One that is being sent at this moment is marked too: its sender looks once more just before the call.
    Rows are locked in primary-key order.
    """
    if subject_key is None and source is None:
        raise ValueError("Say what to withdraw: a subject or a source.")
    about = Q(category=Category.PAGE)
    if subject_key is not None:
        about &= Q(subject_key=subject_key)
    if source is not None:
        about &= Q(source=source)
    if user_id is not None:
        about &= Q(user_id=user_id)
    bundled = Q(status=DeliveryStatus.BUNDLED, bundled_into__status__in=OPEN_STATUSES)
    waiting = about & (Q(status__in=OPEN_STATUSES) | bundled)
    with transaction.atomic():
        # Twice: what a sender wrote while the first pass waited for its row (another way, a bundle)
        # is seen by the second.
        return sum(_withdraw(waiting, reason, now) for _pass in range(2))


def _withdraw(waiting: Q, reason: str, now: dt.datetime) -> int:
    rows = Delivery.objects.filter(waiting).order_by("pk").select_for_update(of=("self",), no_key=True)
    ids = list(rows.values_list("pk", flat=True))
    return Delivery.objects.filter(pk__in=ids).update(
        status=DeliveryStatus.WITHDRAWN,
        lease_token=None,
        lease_until=None,
        hold_until=None,
        finished_at=now,
        error=reason,
    )


def page_root(key: str, user_id: int | None) -> str:
    """What the keys of all deliveries of one page to one person begin with."""
    head, slash, _tail = key.partition(f"/{user_id}/")
    return f"{head}{slash}" if slash else key


def mark_first_pages(rows: Sequence[Delivery], now: dt.datetime) -> None:
    """Set the priority of new pages: after a calm, the first one of an origin to a destination goes first."""
    recent = set(
        Delivery.objects.filter(
            category=Category.PAGE,
            lane__in={row.lane for row in rows},
            created_at__gt=now - CALM_AFTER,
        )
        .exclude(status__in=[DeliveryStatus.WITHDRAWN, DeliveryStatus.FAILED])
        .values_list("lane", "origin")
    )
    for row in sorted(rows, key=lambda row: row.due_at):
        known = (row.lane, row.origin) in recent
        row.priority = Priority.PAGE if known else Priority.FIRST_PAGE
        recent.add((row.lane, row.origin))


def _delivery(request: PageRequest, person: reach.Person, step: reach.Step, now: dt.datetime) -> Delivery:
    method = step.method
    due_at = person.postponed(now + dt.timedelta(minutes=step.delay_minutes), request.urgency)
    return Delivery(
        key=f"{request.key_prefix}/{person.user.pk}/{step.name}",
        category=Category.PAGE,
        channel=method.channel,
        user_id=method.user_id,
        method=method,
        team_id=request.team_id,
        address=method.address,
        lane=reach.lane_of(method),
        origin=request.lane,
        source=request.source,
        subject_key=request.subject_key,
        urgency=request.urgency,
        title=one_line(request.title, 300),
        body=clean(request.body, _BODY_LIMIT),
        url_path=request.url_path,
        due_at=due_at,
        expires_at=due_at + limits.current().expires,
        created_at=now,
    )

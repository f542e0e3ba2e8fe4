"""Sending the rungs of the ladder that are due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from core import clock
from notifications.actions.messages import request_message
from notifications.choices import Category
from postmortems.choices import Rung
from postmortems.items import ladder
from postmortems.items.ladder import Person, Sending
from postmortems.items.workdays import people, zone_of
from postmortems.models import ActionItem, ItemReminder
from postmortems.selectors.leads import leads_of

logger = structlog.get_logger(__name__)
BATCH = 100
_LOOK = dt.timedelta(days=2)


def send_reminders(*, now: dt.datetime | None = None) -> int:
    """Send every rung that is due; returns how many were sent. Idempotent, and harmless beside another one: the row
    is locked, and a rung is written once for each due date, with its messages. One that fails stops no other."""
    now = now or clock.database_now()
    sent = 0
    for items in _batches(due_items(now)):
        known = people((user for item in items for user in (item.owner, item.backup)), now, ahead=_LOOK)
        reminders = _reminders(items)
        for item in items:
            try:
                if _choose(item, reminders.get(item.pk, []), known, now) and _send(item.pk, known, now):
                    sent += 1
            except Exception:
                # It is tried again in a minute.
                logger.exception("postmortems.reminder_failed", item=item.pk)
    return sent


def due_items(now: dt.datetime) -> QuerySet[ActionItem]:
    """Open items whose ladder has begun and not ended; a day more than needed on either side, for other zones."""
    ended = ItemReminder.objects.filter(item=OuterRef("pk"), due_on=OuterRef("due_on"), kind=Rung.LEAD)
    today = now.astimezone(dt.UTC).date()
    day = dt.timedelta(days=1)
    rows = ActionItem.objects.open().filter(
        Q(snoozed_until=None) | Q(snoozed_until__lte=today + day),
        ~Exists(ended),
        owner__isnull=False,
        due_on__lte=today - dt.timedelta(days=ladder.OFFSETS[ladder.BEFORE]) + day,
    )
    found: QuerySet[ActionItem] = rows.select_related("owner", "backup", "incident")
    return found


def _batches(rows: QuerySet[ActionItem]) -> Iterator[Sequence[ActionItem]]:
    last = 0
    while found := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
        yield found
        last = found[-1].pk


def _reminders(items: Sequence[ActionItem]) -> dict[int, list[ItemReminder]]:
    found: dict[int, list[ItemReminder]] = {}
    for row in ItemReminder.objects.filter(item__in=items):
        found.setdefault(row.item_id, []).append(row)
    return found


def case_of(item: ActionItem, reminders: Sequence[ItemReminder]) -> ladder.Case:
    """What the ladder needs of an item that has a date."""
    assert item.due_on is not None
    return ladder.Case(
        due_on=item.due_on,
        sent=frozenset(row.kind for row in reminders if row.due_on == item.due_on),
        last_sent_at=max((row.sent_at for row in reminders), default=None),
        snoozed_until=item.snoozed_until,
    )


def _choose(
    item: ActionItem, reminders: Sequence[ItemReminder], known: dict[int, Person], now: dt.datetime
) -> Sending | None:
    owner = known.get(item.owner_id or 0)
    if owner is None or item.due_on is None or not item.is_open:
        return None
    return ladder.choose(case_of(item, reminders), now, owner, known.get(item.backup_id or 0))


def _send(item_id: int, known: dict[int, Person], now: dt.datetime) -> bool:
    """Decide again with the row locked, then write rung and messages together."""
    with transaction.atomic():
        rows = ActionItem.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        item = rows.select_related("owner", "backup", "incident").filter(pk=item_id).first()
        if item is None or item.due_on is None:
            return False
        sending = _choose(item, list(item.reminders.all()), known, now)
        if sending is None:
            return False
        receivers = _receivers(item, sending)
        ItemReminder.objects.create(
            item=item,
            kind=sending.rung,
            due_on=item.due_on,
            sent_at=now,
            sent_to_id=receivers[0] if receivers else None,
        )
        title, body = _words(item, sending, now)
        for user_id in receivers:
            request_message(
                key=f"item/{item.pk}/{sending.rung}/{item.due_on}/{user_id}",
                category=Category.REMINDER,
                user_id=user_id,
                title=title[:300],
                body=body,
                url_path=item.get_absolute_url(),
                team_id=item.team_id,
                now=now,
            )
    return True


def _receivers(item: ActionItem, sending: Sending) -> list[int]:
    """Where nobody leads, the last rung goes to the owner once more."""
    if sending.to == ladder.BACKUP:
        wanted = [item.backup_id]
    elif sending.to == ladder.LEAD:
        wanted = [*leads_of(item)] or [item.owner_id]
    else:
        wanted = [item.owner_id]
    return [pk for pk in wanted if pk is not None]


def _words(item: ActionItem, sending: Sending, now: dt.datetime) -> tuple[str, str]:
    due, owner = item.due_on, item.owner
    assert due is not None
    assert owner is not None
    late = (now.astimezone(zone_of(owner)).date() - due).days
    days = "1 day" if late == 1 else f"{late} days"
    if sending.to == ladder.LEAD:
        return f"{days} overdue: {item.title}", (
            f"{owner} owns this action item, due {due:%-d %B %Y}. Talk about what it needs: time, a new date, "
            "somebody else, or a decision not to do it."
        )
    if late > 0:
        title = f"Overdue since {due:%-d %B}: {item.title}"
    else:
        title = f"{'Due today' if late == 0 else f'Due {due:%-d %B}'}: {item.title}"
    if sending.to == ladder.BACKUP:
        return title, f"You are the backup of {owner}, who is away. Take it on, or give it a new date."
    return title, "You own this action item. Close it, give it a new date, or snooze it and say why."

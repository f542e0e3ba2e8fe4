from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from django.db import transaction

from core import clock
from core.errors import NotAllowed, NotVisible, field_error
from core.text import one_line
from incidents.models import Incident
from notifications.actions.messages import request_message
from notifications.choices import Category
from postmortems.choices import OPEN_ITEMS, ItemClass, ItemStatus
from postmortems.models import ActionItem, ItemReminder, Postmortem
from teams.actions.audit import record
from teams.actor import Actor
from teams.models import User

BEFORE = dt.timedelta(days=7)
AFTER = dt.timedelta(days=3)
_MORNING = 9
_BATCH = 500


def create_item(
    *,
    actor: Actor,
    title: str,
    owner_id: int | None,
    due_on: dt.date | None,
    item_class: str = ItemClass.PREVENT,
    postmortem_id: int | None = None,
    incident_number: int | None = None,
    now: dt.datetime | None = None,
) -> ActionItem:
    """A new action item; owner and date are required. From a postmortem or an incident the actor may
    respond to."""
    now = now or clock.now()
    title = one_line(title, 300)
    if not title:
        raise field_error("title", "Say what is to be done.")
    _check_class(item_class)
    owner = _owner(owner_id)
    if due_on is None:
        raise field_error("due_on", "An action item needs a date.")
    incident, postmortem = _origin(actor, postmortem_id, incident_number)
    with transaction.atomic():
        item = ActionItem.objects.create(
            title=title,
            owner=owner,
            due_on=due_on,
            item_class=item_class,
            postmortem=postmortem,
            incident=incident,
            team_id=incident.team_id,
            created_by_id=actor.user_id,
            created_at=now,
        )
        _audit(actor, "created", item)
    return item


def update_item(*, actor: Actor, item_id: int, now: dt.datetime | None = None, **changes: Any) -> ActionItem:
    """Change title, owner_id, due_on, item_class, status or reason. Owner, responders and managers.

    *Will not do* needs a reason. A new date starts the reminders anew.
    """
    now = now or clock.now()
    with transaction.atomic():
        item = _locked(actor, item_id)
        if "title" in changes:
            item.title = one_line(changes["title"], 300) or item.title
        if "owner_id" in changes:
            item.owner = _owner(changes["owner_id"])
        if "due_on" in changes:
            if changes["due_on"] is None:
                raise field_error("due_on", "An action item needs a date.")
            item.due_on = changes["due_on"]
        if "item_class" in changes:
            _check_class(changes["item_class"])
            item.item_class = changes["item_class"]
        if "reason" in changes:
            item.reason = one_line(changes["reason"], 500)
        if "status" in changes:
            _set_status(item, changes["status"], now)
        item.save()
        _audit(actor, "changed", item)
    return item


def send_reminders(*, now: dt.datetime | None = None) -> int:
    """Remind owners once seven days before the date and once three days after it, in the owner's
    morning (9 o'clock in their zone). Idempotent; returns how many were sent."""
    now = now or clock.database_now()
    sent = 0
    horizon = now.date() + BEFORE + dt.timedelta(days=1)
    rows = ActionItem.objects.filter(status__in=OPEN_ITEMS, due_on__lte=horizon).select_related("owner")
    for item in rows.order_by("due_on", "pk")[:_BATCH].iterator(chunk_size=100):
        kind = _reminder_due(item, now)
        if kind and _remind(item, kind, now):
            sent += 1
    return sent


def _reminder_due(item: ActionItem, now: dt.datetime) -> str:
    """before, after or '' by the owner's wall clock."""
    here = now.astimezone(zoneinfo.ZoneInfo(item.owner.time_zone))
    if here.hour < _MORNING:
        return ""
    today = here.date()
    if today >= item.due_on + AFTER:
        return "after"
    return "before" if item.due_on - BEFORE <= today <= item.due_on else ""


def _remind(item: ActionItem, kind: str, now: dt.datetime) -> bool:
    with transaction.atomic():
        _row, created = ItemReminder.objects.get_or_create(
            item=item, kind=kind, due_on=item.due_on, defaults={"sent_at": now}
        )
        if not created:
            return False
        late = kind == "after"
        title = f"Overdue: {item.title}" if late else f"Due {item.due_on:%-d %B}: {item.title}"
        request_message(
            key=f"item/{item.pk}/{kind}/{item.due_on}",
            category=Category.REMINDER,
            user_id=item.owner_id,
            title=title[:300],
            body="You own this action item. Close it, or give it a new date with its reason.",
            url_path="/action-items/",
            team_id=item.team_id,
            now=now,
        )
    return True


def _set_status(item: ActionItem, status: str, now: dt.datetime) -> None:
    if status not in ItemStatus.values:
        raise field_error("status", f"One of {', '.join(ItemStatus.values)}.")
    if status == ItemStatus.WONT_DO and not item.reason:
        raise field_error("reason", "Say why it will not be done.")
    item.closed_at = None if status in OPEN_ITEMS else (item.closed_at or now)
    item.status = status


def _origin(
    actor: Actor, postmortem_id: int | None, incident_number: int | None
) -> tuple[Incident, Postmortem | None]:
    postmortem = None
    if postmortem_id is not None:
        postmortem = (
            Postmortem.objects.visible_to(actor).select_related("incident").filter(pk=postmortem_id).first()
        )
        if postmortem is None:
            raise field_error("postmortem", "There is no such postmortem.")
        incident_number = postmortem.incident.number
    if incident_number is None:
        raise field_error("incident", "Name the incident or the postmortem it comes from.")
    incident = Incident.objects.visible_to(actor).filter(number=incident_number).first()
    if incident is None:
        raise field_error("incident", "There is no such incident.")
    if not Incident.objects.allowing(actor, "edit_entry").filter(pk=incident.pk).exists():
        raise NotAllowed("Only those who respond to the incident can add action items.")
    return incident, postmortem


def _locked(actor: Actor, item_id: int) -> ActionItem:
    rows = ActionItem.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    item: ActionItem | None = rows.filter(pk=item_id).first()
    if item is None:
        raise NotVisible
    if "respond" not in actor.scopes:
        raise NotAllowed("This token lacks the scope “respond”.", code="scope_missing")
    allowed = Incident.objects.allowing(actor, "edit_entry").filter(pk=item.incident_id).exists()
    if item.owner_id != actor.user_id and not allowed:
        raise NotAllowed("Only its owner or those who respond to the incident can change it.")
    return item


def _owner(owner_id: int | None) -> User:
    owner = User.objects.filter(pk=owner_id, is_active=True).first() if owner_id is not None else None
    if owner is None:
        raise field_error("owner", "An action item needs an active person as owner.")
    return owner


def _check_class(value: str) -> None:
    if value not in ItemClass.values:
        raise field_error("class", f"One of {', '.join(ItemClass.values)}.")


def _audit(actor: Actor, verb: str, item: ActionItem) -> None:
    record(
        actor=actor, verb=verb, obj_type="action item", obj_id=item.pk, label=item.title, team_id=item.team_id
    )

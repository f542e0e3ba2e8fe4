"""Linking an action item to an issue of a tracker, and what comes back from there."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core import clock
from core.crypto import derived
from core.errors import Conflict, field_error
from core.text import one_line
from core.wakeup import wake
from incidents.choices import Visibility
from incidents.models import TrackerConnection
from incidents.trackers import RemoteIssue
from incidents.trackers.base import DONE, DROPPED, OPEN
from postmortems.actions.item_changes import ask_to_drop
from postmortems.actions.item_rows import locked, take, written
from postmortems.actions.items import close
from postmortems.choices import ItemStatus
from postmortems.items.tickets import Facts, Pushed
from postmortems.items.words import differences, facts, sentence
from postmortems.models import ActionItem, ItemTicket
from teams.actor import Actor, system_actor
from teams.querysets import owned_visible

TASK = "postmortems.sync_tickets"


def link_ticket(
    *,
    actor: Actor,
    item_id: int,
    connection_id: int,
    confirm: bool = False,
    now: dt.datetime | None = None,
) -> ItemTicket:
    """Have an issue made for the item; it is written there within seconds. For whoever may change the item.

    `confirm`: the words of a confidential incident may leave the house; `InvalidInput` names it when it is missing.
    """
    now = now or clock.now()
    with transaction.atomic():
        item = locked(actor, item_id)
        if ItemTicket.objects.filter(item=item).exists():
            raise Conflict(_("It has an issue already."), code="linked")
        row = connections_for(actor, item).filter(pk=connection_id).first()
        if row is None:
            raise field_error("connection", _("There is no such tracker for this item."))
        if is_secret(item) and not confirm:
            raise field_error("confirm", _("Confirm that the words of this incident may leave Watchbill."))
        pushed = str(Pushed(confirmed=True)) if is_secret(item) else ""
        # Deadlines are by the database's clock, as what claims them.
        ticket = ItemTicket.objects.create(
            item=item, connection=row, pushed=pushed, push_due_at=clock.database_now()
        )
        data = {"project": row.project, "confidential": is_secret(item)}
        text = f"An issue is made in {row.project}."
        written(actor, item, "ticket", text, now=now, verb="issue asked for", data=data)
        wake(TASK)
    return ticket


def confirm_ticket(*, actor: Actor, item_id: int, now: dt.datetime | None = None) -> None:
    """The incident became confidential after the issue was made: its words may go on leaving."""
    now = now or clock.now()
    with transaction.atomic():
        item = locked(actor, item_id)
        ticket = _ticket(item)
        kept = Pushed.read(ticket.pushed)
        if kept.confirmed:
            return
        ticket.pushed = str(Pushed(kept.title, kept.state, kept.words, confirmed=True))
        ticket.push_due_at = clock.database_now()
        ticket.save(update_fields=["pushed", "push_due_at"])
        written(actor, item, "ticket", "Words may go on to the issue.", now=now, verb="issue confirmed")
        wake(TASK)


def retry_ticket(*, actor: Actor, item_id: int) -> None:
    """Look and write again now rather than at the next time."""
    with transaction.atomic():
        ticket = _ticket(locked(actor, item_id))
        ticket.push_due_at = clock.database_now()
        ticket.save(update_fields=["push_due_at"])
        wake(TASK)


def unlink_ticket(*, actor: Actor, item_id: int, now: dt.datetime | None = None) -> None:
    """Nothing is sent or taken over any more; the issue stays there as it is."""
    now = now or clock.now()
    with transaction.atomic():
        item = locked(actor, item_id)
        ticket = _ticket(item)
        name = f"{ticket.connection.project}#{ticket.number}" if ticket.number else ticket.connection.project
        ticket.delete()
        written(actor, item, "ticket", f"No longer linked to {name}.", now=now, verb="issue unlinked")


def connections_for(actor: Actor, item: ActionItem) -> QuerySet[TrackerConnection]:
    """The trackers in use of the item's team; of an item without team those of the teams the actor sees."""
    rows = TrackerConnection.objects.filter(active=True)
    return rows.filter(team_id=item.team_id) if item.team_id else rows.filter(owned_visible(actor))


def is_secret(item: ActionItem) -> bool:
    """Whether its incident is confidential."""
    incident = item.incident
    return incident is not None and incident.visibility == Visibility.RESTRICTED


def marker_of(ticket: ItemTicket) -> str:
    token = derived("tracker-item", f"{ticket.item_id}:{ticket.pk}")[:16]
    return f"<!-- watchbill:item:{ticket.item_id}:{token} -->"


def facts_of(item: ActionItem, ticket: ItemTicket) -> Facts:
    """What the issue says of the item."""
    incident, secret = item.incident, is_secret(item)
    name = ""
    if incident is not None:
        shown = incident.code_name if secret else incident.name_outside
        name = f"#{incident.number} {shown}".strip()
    return Facts(
        title=item.title,
        status=item.status,
        dropping=item.drop_asked_at is not None and item.drop_asked_by_id is None,
        detail=item.detail,
        item_class=str(item.get_item_class_display()),
        owner=item.owner.name if item.owner else "",
        due=f"{item.due_on:%-d %B %Y}" if item.due_on else "",
        incident=name,
        url=f"{settings.BASE_URL}{item.get_absolute_url()}",
        marker=marker_of(ticket),
        secret=secret,
    )


def take_over(item: ActionItem, tracker: str, changes: dict[str, str], now: dt.datetime) -> None:
    """What changed there happens here, by the system under the tracker's name; the item is locked."""
    actor = system_actor(tracker)
    before = facts(item)
    if title := one_line(changes.get("title", ""), 300):
        item.title = title
    state = changes.get("state")
    if state == DONE and item.status != ItemStatus.DONE:
        close(item, ItemStatus.DONE, now)
    elif state == OPEN and (not item.is_open or item.drop_asked_at is not None):
        # It was closed, or somebody there had closed it as not planned and thought better of it.
        close(item, ItemStatus.OPEN, now)
    found = differences(before, facts(item))
    if found or state == OPEN:
        item.updated_at = now
        item.save()
        text = sentence(found) or "Open again."
        written(actor, item, "changed", text, now=now, data=found)
    if state == DROPPED and item.is_open:
        # Who has asked here already has given a reason that stays.
        item.reason = item.reason or f"Closed as not planned in {tracker}"
        item.updated_at = now
        ask_to_drop(actor, item, now)


def unlinked_by(ticket: ItemTicket, tracker: str, why: str, now: dt.datetime) -> None:
    """The issue is gone there: a note here, and no link any more."""
    item = take(ticket.item_id)
    name = f"{ticket.connection.project}#{ticket.number}"
    words = {"deleted": "was deleted", "moved": "was moved elsewhere", "left": "has no connection any more"}[
        why
    ]
    ticket.delete()
    text = f"The issue {name} {words}; the item is no longer linked to it."
    written(system_actor(tracker), item, "ticket", text, now=now, verb="issue unlinked", data={"why": why})


def note_from(ticket: ItemTicket, tracker: str, author: str, text: str, now: dt.datetime) -> None:
    """Something said there is said here."""
    item = take(ticket.item_id)
    actor = system_actor(f"{author} ({tracker})")
    written(actor, item, "note", text, now=now, by_hand=True, verb="noted")


def remember(ticket: ItemTicket, remote: RemoteIssue) -> dict[str, Any]:
    """What a ticket keeps of an issue, as values to write."""
    return {
        "external_id": remote.external_id,
        "number": remote.number,
        "url": remote.url,
        "remote_state": remote.state,
        "remote_seen_at": remote.updated_at,
    }


def _ticket(item: ActionItem) -> ItemTicket:
    ticket = ItemTicket.objects.select_for_update(of=("self",), no_key=True).select_related("connection")
    row: ItemTicket | None = ticket.filter(item=item).first()
    if row is None:
        raise Conflict(_("It has no issue."), code="not_linked")
    return row

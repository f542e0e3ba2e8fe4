"""What every action on an action item shares: the row, locked with the access check, its note, audit and event."""

from __future__ import annotations

import datetime as dt
from typing import Any

from core.errors import NotAllowed, NotVisible
from core.events import publish
from core.text import clean
from postmortems.events import ActionItemChanged
from postmortems.live import announce
from postmortems.models import ActionItem, ItemNote
from teams.actions.audit import record
from teams.actor import Actor
from teams.choices import Scope

MAX_NOTE = 5000
_REFUSALS = {
    "edit": "Only its owner, its backup or those who respond to the incident can change it.",
    "note": "Only those who work on it, and support, can say something about it.",
    "decide": "Only a manager of its team can decide this.",
}


def locked(actor: Actor, item_id: int, verb: str = "edit") -> ActionItem:
    """The item, locked, if the actor may do `verb`; NotVisible or NotAllowed otherwise."""
    seen = ActionItem.objects.visible_to(actor).filter(pk=item_id)
    if not seen.exists():
        raise NotVisible
    needed = Scope.MANAGE if verb == "decide" else Scope.RESPOND
    if needed not in actor.scopes:
        raise NotAllowed(f"This token lacks the scope “{needed}”.", code="scope_missing")
    if not ActionItem.objects.allowing(actor, verb).filter(pk=item_id).exists():
        raise NotAllowed(_REFUSALS[verb])
    return take(item_id)


def take(item_id: int) -> ActionItem:
    """The item, locked, with what its words need; no access check."""
    rows = ActionItem.objects.select_for_update(of=("self",), no_key=True)
    item: ActionItem | None = (
        rows.select_related("owner", "backup", "incident", "postmortem__incident").filter(pk=item_id).first()
    )
    if item is None:
        raise NotVisible
    return item


def decides(actor: Actor, item: ActionItem) -> bool:
    """Whether the actor may drop this item on their own."""
    return bool(ActionItem.objects.allowing(actor, "decide").filter(pk=item.pk).exists())


def written(
    actor: Actor,
    item: ActionItem,
    what: str,
    text: str,
    *,
    now: dt.datetime,
    by_hand: bool = False,
    verb: str = "changed",
    data: dict[str, Any] | None = None,
) -> ItemNote:
    """Note, audit line and event of one change, in the caller's transaction."""
    note = ItemNote.objects.create(
        item=item,
        author_id=actor.user_id,
        author_label=actor.label[:200],
        text=clean(text, MAX_NOTE),
        by_hand=by_hand,
        created_at=now,
    )
    record(
        actor=actor,
        verb=verb,
        obj_type="action item",
        obj_id=item.pk,
        label=item.title,
        team_id=item.team_id,
        data=data,
    )
    publish(ActionItemChanged(item_id=item.pk, what=what, actor_id=actor.user_id))
    if item.postmortem is not None:
        announce(item.postmortem, "items", now=now)
    return note

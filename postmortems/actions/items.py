"""Making, changing and completing action items."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction

from core import clock
from core.errors import Conflict, InvalidInput, NotAllowed, field_error
from core.text import clean, one_line
from incidents.models import Incident
from postmortems.actions.item_changes import ask_to_drop, forget_drop
from postmortems.actions.item_rows import decides, locked, written
from postmortems.choices import ItemClass, ItemPriority, ItemStatus, PostmortemStatus
from postmortems.items.targets import resolve
from postmortems.items.words import differences, facts, sentence
from postmortems.models import ActionItem, Postmortem
from teams.actor import Actor
from teams.models import User

MAX_TEXT = 10_000
FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2199, 12, 31)
_url = URLValidator(schemes=["http", "https"])
_FIELDS = (
    "title",
    "detail",
    "item_class",
    "priority",
    "owner_id",
    "backup_id",
    "due_on",
    "proof",
    "proof_link",
    "target",
)


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
    **more: Any,
) -> ActionItem:
    """A new action item of a postmortem the actor may write, or of an incident they may respond to.

    Owner and date may be None only while the postmortem is a draft. `more`: detail, priority, backup_id, proof,
    proof_link, target (`playbook:3`). `InvalidInput` names every field that is wrong.
    """
    now = now or clock.now()
    incident, postmortem = _origin(actor, postmortem_id, incident_number)
    item = ActionItem(
        postmortem=postmortem,
        incident=incident,
        team_id=incident.team_id,
        created_by_id=actor.user_id,
        created_at=now,
        updated_at=now,
    )
    values = {"title": title, "owner_id": owner_id, "due_on": due_on, "item_class": item_class, **more}
    with transaction.atomic():
        if postmortem is not None:
            postmortem = Postmortem.objects.select_for_update(of=("self",), no_key=True).get(pk=postmortem.pk)
            if postmortem.status == PostmortemStatus.CLOSED:
                raise Conflict("This postmortem is closed.", code="closed")
            item.postmortem = postmortem
        _fill(actor, item, values, now)
        item.save()
        written(actor, item, "created", "Created.", now=now, verb="created")
    return item


def update_item(*, actor: Actor, item_id: int, now: dt.datetime | None = None, **changes: Any) -> ActionItem:
    """Change what is given: the fields of `create_item`, status, and reason for *will not do*. For its owner, its
    backup, responders and managers.

    *Will not do* needs a reason and takes effect for those who may decide it; from anybody else it is a request, and
    the state stays until somebody decides. A new date starts the reminders anew. Nothing new writes nothing.
    """
    now = now or clock.now()
    with transaction.atomic():
        item = locked(actor, item_id)
        before = facts(item)
        _fill(actor, item, {name: changes[name] for name in _FIELDS if name in changes}, now)
        status, reason = changes.get("status"), one_line(changes.get("reason") or "", 500)
        asked = False
        if status is not None:
            asked = _set_status(actor, item, status, reason, now)
        elif reason and item.status == ItemStatus.WONT_DO:
            item.reason = reason
        found = differences(before, facts(item))
        if asked:
            found.pop("reason", None)
        if found or asked:
            item.updated_at = now
            item.save()
        if found:
            written(actor, item, "changed", sentence(found), now=now, data=found)
        if asked:
            ask_to_drop(actor, item, now)
    return item


def complete_item(
    *, actor: Actor, item_id: int, proof: str = "", proof_link: str = "", now: dt.datetime | None = None
) -> ActionItem:
    """Done, with how one sees it when that is given."""
    proofs = {name: value for name, value in (("proof", proof), ("proof_link", proof_link)) if value}
    return update_item(actor=actor, item_id=item_id, status=ItemStatus.DONE, now=now, **proofs)


def close(item: ActionItem, status: str, now: dt.datetime) -> None:
    """Set a closed or open state and what belongs to it, without saving."""
    was_open = item.is_open
    item.status = status
    item.closed_at = None if item.is_open else (item.closed_at or now)
    forget_drop(item)
    if status != ItemStatus.WONT_DO:
        item.reason, item.drop_approved_by = "", None
    if item.is_open and not was_open and item.target:
        # What ticked it once does not tick it again.
        item.target_since, item.target_changed_at = now, None


def _set_status(actor: Actor, item: ActionItem, status: str, reason: str, now: dt.datetime) -> bool:
    """True when it is only asked for."""
    if status not in ItemStatus.values:
        raise field_error("status", f"One of {', '.join(ItemStatus.values)}.")
    if status != ItemStatus.WONT_DO:
        if status != item.status:
            close(item, status, now)
        return False
    if item.status == ItemStatus.WONT_DO:
        item.reason = reason or item.reason
        return False
    if not reason:
        raise field_error("reason", "Say why it will not be done.")
    if decides(actor, item):
        close(item, status, now)
        item.reason, item.drop_approved_by_id = reason, actor.user_id
        return False
    if not item.is_open:
        raise Conflict("It is closed already; open it again first.", code="closed")
    if item.drop_asked_at is not None and item.reason == reason:
        return False
    item.reason = reason
    return True


def _fill(actor: Actor, item: ActionItem, values: dict[str, Any], now: dt.datetime) -> None:
    """Set the given fields; `InvalidInput` names all that are wrong at once."""
    wrong: dict[str, list[str]] = {}
    for name in _FIELDS:
        if name not in values:
            continue
        try:
            _SETTERS.get(name, _set_text)(actor, item, name, values[name], now)
        except InvalidInput as error:
            wrong.update(error.fields)
    if item.owner_id is None and "owner" not in wrong and not _draft(item):
        wrong["owner"] = ["An action item needs an active person as owner."]
    if item.due_on is None and "due_on" not in wrong and not _draft(item):
        wrong["due_on"] = ["An action item needs a date."]
    if item.backup_id is not None and item.backup_id == item.owner_id:
        wrong["backup"] = ["Somebody else than the owner."]
    if wrong:
        raise InvalidInput(next(iter(wrong.values()))[0], fields=wrong)


def _draft(item: ActionItem) -> bool:
    return item.postmortem is not None and item.postmortem.status == PostmortemStatus.DRAFT


def _set_title(actor: Actor, item: ActionItem, name: str, value: Any, now: dt.datetime) -> None:
    item.title = one_line(value or "", 300)
    if not item.title:
        raise field_error("title", "Say what is to be done.")


def _set_text(actor: Actor, item: ActionItem, name: str, value: Any, now: dt.datetime) -> None:
    text = clean(value or "").strip()
    if len(text) > MAX_TEXT:
        raise field_error(name, f"At most {MAX_TEXT:,} characters.")
    setattr(item, name, text)


def _set_choice(actor: Actor, item: ActionItem, name: str, value: Any, now: dt.datetime) -> None:
    known = ItemClass.values if name == "item_class" else ItemPriority.values
    if value not in known:
        raise field_error("class" if name == "item_class" else name, f"One of {', '.join(known)}.")
    setattr(item, name, value)


def _set_person(actor: Actor, item: ActionItem, name: str, value: Any, now: dt.datetime) -> None:
    field = name.removesuffix("_id")
    if value == getattr(item, name) and value is not None:
        return  # who has left meanwhile may stay until somebody else is named
    person = User.objects.visible_to(actor).filter(pk=value, is_active=True).first() if value else None
    if value and person is None:
        raise field_error(field, "There is no active person with this id.")
    setattr(item, field, person)


def _set_due(actor: Actor, item: ActionItem, name: str, value: Any, now: dt.datetime) -> None:
    if value is not None and not FIRST_DAY <= value <= LAST_DAY:
        raise field_error("due_on", "Choose a day between 2000 and 2199.")
    if value != item.due_on:
        item.snoozed_until, item.snooze_reason = None, ""
    item.due_on = value


def _set_link(actor: Actor, item: ActionItem, name: str, value: Any, now: dt.datetime) -> None:
    link = (value or "").strip()
    try:
        if link:
            _url(link)
    except ValidationError:
        raise field_error("proof_link", "Must be an http or https address.") from None
    if len(link) > 500:
        raise field_error("proof_link", "At most 500 characters.")
    item.proof_link = link


def _set_target(actor: Actor, item: ActionItem, name: str, value: Any, now: dt.datetime) -> None:
    if (value or "") == item.target:
        return
    found = resolve(actor, value) if value else None
    item.target = found.key if found else ""
    item.target_label = found.label[:200] if found else ""
    item.target_url = found.url[:500] if found else ""
    item.target_since, item.target_changed_at = (now if found else None), None


_SETTERS = {
    "title": _set_title,
    "item_class": _set_choice,
    "priority": _set_choice,
    "owner_id": _set_person,
    "backup_id": _set_person,
    "due_on": _set_due,
    "proof_link": _set_link,
    "target": _set_target,
}


def _origin(
    actor: Actor, postmortem_id: int | None, incident_number: int | None
) -> tuple[Incident, Postmortem | None]:
    if postmortem_id is not None:
        rows = Postmortem.objects.select_related("incident").filter(pk=postmortem_id)
        postmortem: Postmortem | None = rows.visible_to(actor).first()
        if postmortem is None:
            raise field_error("postmortem", "There is no such postmortem.")
        if not rows.allowing(actor).exists():
            raise NotAllowed("Only those who respond to the incident can add action items.")
        return postmortem.incident, postmortem
    if incident_number is None:
        raise field_error("incident", "Name the incident or the postmortem it comes from.")
    incident = Incident.objects.visible_to(actor).filter(number=incident_number).first()
    if incident is None:
        raise field_error("incident", "There is no such incident.")
    if not Incident.objects.allowing(actor, "edit_entry").filter(pk=incident.pk).exists():
        raise NotAllowed("Only those who respond to the incident can add action items.")
    return incident, None

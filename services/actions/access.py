"""The access checklist: what everybody who may be paged must be able to reach, and who has tried it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from core import clock
from core.errors import NotAllowed, NotVisible, field_error
from core.text import one_line
from services.actions.details import web_address
from services.actions.services import locked_service
from services.models import AccessConfirmation, AccessItem, Service
from teams.actions.audit import record
from teams.actor import Actor

MOST_ITEMS = 30


def set_access_items(*, actor: Actor, service_id: int, rows: Sequence[Mapping[str, Any]]) -> list[AccessItem]:
    """Make these `{id?, text, url?}` the checklist of the service, in this order. Managers of the owning team.

    An item whose text or address changes is a new one: whoever tried the old one has not tried it.
    """
    if len(rows) > MOST_ITEMS:
        raise field_error("items", f"At most {MOST_ITEMS} items.")
    with transaction.atomic():
        service = locked_service(actor, service_id)
        held = {(row.text, row.url): row for row in service.access_items.all()}
        wanted: dict[tuple[str, str], AccessItem] = {}
        for position, given in enumerate(rows):
            text = one_line(str(given.get("text") or ""), 200)
            if not text:
                raise field_error(f"items.{position}.text", "Say what must work.")
            key = (text, web_address(f"items.{position}.url", given.get("url")))
            if key in wanted:
                raise field_error(f"items.{position}.text", "Named twice.")
            row = held.get(key) or AccessItem(service=service, text=text, url=key[1])
            row.position = position
            wanted[key] = row
        service.access_items.exclude(pk__in=[row.pk for row in wanted.values() if row.pk]).delete()
        for row in wanted.values():
            row.save()
        if list(held) != list(wanted):
            record(
                actor=actor,
                verb="access checklist changed",
                obj_type="service",
                obj_id=service.pk,
                label=service.name,
                team_id=service.team_id,
                data={"items": [row.text for row in wanted.values()]},
            )
    return list(wanted.values())


def confirm_access(
    *, actor: Actor, service_id: int, item_ids: Sequence[int], now: dt.datetime | None = None
) -> int:
    """The actor has tried these items just now and they worked; returns how many. For oneself alone."""
    now = now or clock.now()
    if actor.user_id is None:
        raise NotAllowed("Only a person can try this.")
    with transaction.atomic():
        if not Service.objects.visible_to(actor).filter(pk=service_id).exists():
            raise NotVisible
        items = list(AccessItem.objects.filter(service_id=service_id, pk__in=item_ids))
        if len(items) != len(set(item_ids)):
            raise field_error("items", "There is no such item.")
        AccessConfirmation.objects.bulk_create(
            [AccessConfirmation(item=item, user_id=actor.user_id, confirmed_at=now) for item in items],
            update_conflicts=True,
            unique_fields=["item", "user"],
            update_fields=["confirmed_at"],
        )
    return len(items)

"""Giving somebody's action items and documents to somebody else. What is done or published stays."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from incidents.actions.access import grant_respond
from incidents.models import Incident
from postmortems.choices import PostmortemStatus
from postmortems.models import ActionItem, Postmortem
from teams.actions.audit import record
from teams.actor import Actor, actor_for
from teams.models import User

_FINISHED = (PostmortemStatus.PUBLISHED, PostmortemStatus.CLOSED)


def open_items(user_id: int) -> QuerySet[ActionItem]:
    """Action items of this owner that are not closed."""
    return ActionItem.objects.open().filter(owner_id=user_id)  # type: ignore[no-any-return]


def unfinished(user_id: int) -> QuerySet[Postmortem]:
    """Documents of this owner that are not published, oldest first."""
    rows = Postmortem.objects.filter(owner_id=user_id).exclude(status__in=_FINISHED)
    return rows.select_related("incident").order_by("pk")  # type: ignore[no-any-return]


def hand_over_items(*, actor: Actor, user_id: int, successor_id: int) -> None:
    """The successor owns them, with their dates. Audited by item."""
    for item in open_items(user_id).order_by("pk").select_for_update(of=("self",), no_key=True):
        item.owner_id = successor_id
        item.save(update_fields=["owner"])
        data = {"owner": {"from": user_id, "to": successor_id}}
        _audit(actor, "action item", item.pk, item.title, item.team_id, data)


def hand_over_postmortems(*, actor: Actor, user_id: int, successor_id: int) -> None:
    """The successor owns the documents, and is let into incidents they could not see. Audited by one."""
    successor = actor_for(User.objects.get(pk=successor_id))
    for row in unfinished(user_id).select_for_update(of=("self",), no_key=True):
        row.owner_id = successor_id
        row.save(update_fields=["owner"])
        if not Incident.objects.visible_to(successor).filter(pk=row.incident_id).exists():
            grant_respond(row.incident, successor_id)
        data = {"owner": {"from": user_id, "to": successor_id}}
        _audit(actor, "postmortem", row.pk, str(row), row.incident.team_id, data)


def _audit(actor: Actor, what: str, pk: int, label: str, team_id: int | None, data: dict[str, Any]) -> None:
    record(actor=actor, verb="handed over", obj_type=what, obj_id=pk, label=label, team_id=team_id, data=data)

"""The roles of the organisation: what they are for, who fills them. Admins change them."""

from __future__ import annotations

import re
from typing import Any

from django.db import transaction

from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import clean, one_line
from incidents.actions.common import required_text
from incidents.models import IncidentTask, RoleAssignment, RoleDefinition, RoleOffer
from oncall.models import Schedule
from teams.actions.audit import record
from teams.actor import Actor

MAX_STARTERS = 20
MAX_ROLES = 50
_KEY = re.compile(r"^[a-z][a-z0-9_-]{1,19}$")
FIELDS = ("name", "card", "single", "required_to_rank", "starter_tasks", "schedule_id", "backup_schedule_id")


def add_role_definition(*, actor: Actor, key: str, name: str, **fields: Any) -> RoleDefinition:
    """A role of the organisation's own. Its key stays."""
    _admin(actor)
    if not _KEY.match(key):
        raise field_error("key", "2 to 20 small letters, digits, - and _, a letter first.")
    with transaction.atomic():
        if RoleDefinition.objects.filter(pk=key).exists():
            raise field_error("key", "There is a role with this key.")
        last = RoleDefinition.objects.order_by("-position").values_list("position", flat=True).first()
        if RoleDefinition.objects.count() >= MAX_ROLES:
            raise Conflict(f"At most {MAX_ROLES} roles.", code="too_many")
        row = RoleDefinition(key=key, position=0 if last is None else last + 1)
        _set(actor, row, {**fields, "name": name})
        row.save(force_insert=True)
        _audit(actor, "created", row)
    return row


def edit_role_definition(*, actor: Actor, key: str, **fields: Any) -> RoleDefinition:
    """Change fields of `FIELDS`; whether a shipped role is held by one person stays as it is."""
    _admin(actor)
    with transaction.atomic():
        row = _row(key)
        if row.shipped and fields.get("single", row.single) != row.single:
            raise field_error("single", "That stays as it is for a role that came with the product.")
        _set(actor, row, fields)
        row.save()
        _audit(actor, "changed", row)
    return row


def delete_role_definition(*, actor: Actor, key: str) -> None:
    """Remove a role of one's own that was never used; Conflict otherwise."""
    _admin(actor)
    with transaction.atomic():
        row = _row(key)
        if row.shipped:
            raise Conflict("This role came with the product; it stays.", code="shipped")
        used = (RoleAssignment, RoleOffer, IncidentTask)
        if any(model.objects.filter(role=key).exists() for model in used):
            raise Conflict("This role was used; the record needs it.", code="role_used")
        _audit(actor, "deleted", row)
        row.delete()


def _row(key: str) -> RoleDefinition:
    row = RoleDefinition.objects.select_for_update(of=("self",)).filter(pk=key).first()
    if row is None:
        raise NotVisible
    return row


def _admin(actor: Actor) -> None:
    if not actor.is_admin or not actor.manages(None):
        raise NotAllowed("Admins set up the roles.")


def _set(actor: Actor, row: RoleDefinition, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        if name not in FIELDS:
            raise field_error(name, "There is no such field.")
        setattr(row, name, value)
    row.name = one_line(required_text("name", row.name or "", 60), 60)
    row.card = clean(row.card or "").strip()[:5000]
    tasks = [one_line(text, 201) for text in row.starter_tasks or [] if text.strip()]
    if len(tasks) > MAX_STARTERS or any(len(text) > 200 for text in tasks):
        raise field_error("starter_tasks", f"At most {MAX_STARTERS} tasks of 200 characters.")
    row.starter_tasks = tasks
    if row.required_to_rank is not None and not 0 <= row.required_to_rank <= 4:
        raise field_error("required_to_rank", "A rank from 0 to 4.")
    visible = Schedule.objects.visible_to(actor)
    for name in ("schedule_id", "backup_schedule_id"):
        if fields.get(name) is not None and not visible.filter(pk=fields[name]).exists():
            raise field_error(name.removesuffix("_id"), "There is no such schedule.")


def _audit(actor: Actor, verb: str, row: RoleDefinition) -> None:
    record(actor=actor, verb=verb, obj_type="role", obj_id=row.key, label=row.name)

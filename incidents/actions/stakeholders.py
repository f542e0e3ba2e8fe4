"""Lists of people who hear of incidents without working on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from core.errors import InvalidInput, NotVisible, field_error
from core.text import one_line
from incidents.actions.update_templates import require_set_up
from incidents.models import Stakeholder, StakeholderList
from notifications.actions.announcements import CHANNELS
from services.models import Service
from teams.actions.audit import record
from teams.actor import Actor
from teams.models import User

MAX_PEOPLE = 500
_FIELDS = ("name", "team_id", "service_id", "to_rank", "internal", "executive")


def save_list(
    *,
    actor: Actor,
    list_id: int | None = None,
    people: Sequence[Mapping[str, Any]] | None = None,
    **values: Any,
) -> StakeholderList:
    """Make a list, or change the named fields of one. Managers for their team, admins for all.

    `people` replaces who is on it: each `user_id` or `address` (then also `name`), and `channel`; faults are
    reported as `people.<index>`. None leaves them as they are.
    """
    unknown = set(values) - set(_FIELDS)
    if unknown:
        raise TypeError(f"no such fields: {sorted(unknown)}")
    with transaction.atomic():
        row = _load(actor, list_id) if list_id is not None else StakeholderList()
        team_before = row.team_id
        for name, value in values.items():
            setattr(row, name, value)
        if list_id is None or row.team_id != team_before:
            require_set_up(actor, row.team_id)
        _check(actor, row, changed=set(values))
        row.save()
        if people is not None:
            _replace_people(row, people)
        _record(actor, "changed" if list_id else "created", row)
    return row


def delete_list(*, actor: Actor, list_id: int) -> None:
    with transaction.atomic():
        row = _load(actor, list_id)
        _record(actor, "deleted", row)
        row.delete()


def stop_address(*, address: str) -> int:
    """Take a mail address off every list, by the link in a message to it; how many lists it was on."""
    rows = Stakeholder.objects.filter(user__isnull=True, address__iexact=address)
    return rows.delete()[0]


def _load(actor: Actor, list_id: int) -> StakeholderList:
    rows = StakeholderList.objects.manageable_by(actor).select_for_update(of=("self",), no_key=True)
    row: StakeholderList | None = rows.filter(pk=list_id).first()
    if row is None:
        raise NotVisible
    return row


def _check(actor: Actor, row: StakeholderList, *, changed: set[str]) -> None:
    row.name = one_line(row.name, 100)
    if not row.name:
        raise field_error("name", "Write something.")
    if not (row.internal or row.executive):
        raise field_error("internal", "Choose at least one kind of update.")
    if row.to_rank is not None and not 0 <= row.to_rank <= 4:
        raise field_error("to_rank", "A rank is a whole number from 0 to 4.")
    if "service_id" not in changed or row.service_id is None:
        return
    if not Service.objects.visible_to(actor).filter(pk=row.service_id).exists():
        raise field_error("service", "There is no such service.")


def _replace_people(row: StakeholderList, people: Sequence[Mapping[str, Any]]) -> None:
    if len(people) > MAX_PEOPLE:
        raise field_error("people", f"At most {MAX_PEOPLE} people.")
    active = set(
        User.objects.filter(
            pk__in=[one["user_id"] for one in people if one.get("user_id")], is_active=True
        ).values_list("pk", flat=True)
    )
    found: dict[str, list[str]] = {}
    made: list[Stakeholder] = []
    seen: set[tuple[int | None, str]] = set()
    for index, one in enumerate(people):
        fault = _fault(one, active)
        user_id, address = one.get("user_id"), str(one.get("address") or "").strip().lower()
        if not fault and (user_id, address) in seen:
            fault = "On the list twice."
        if fault:
            found[f"people.{index}"] = [fault]
            continue
        seen.add((user_id, address))
        name = "" if user_id else one_line(str(one.get("name") or ""), 150)
        channel = one.get("channel") or CHANNELS[0]
        made.append(Stakeholder(list=row, user_id=user_id, address=address, name=name, channel=channel))
    if found:
        raise InvalidInput("Some of the people cannot be on the list.", fields=found)
    row.people.all().delete()
    Stakeholder.objects.bulk_create(made)


def _fault(one: Mapping[str, Any], active: set[int]) -> str:
    user_id, address = one.get("user_id"), str(one.get("address") or "").strip()
    channel = one.get("channel") or CHANNELS[0]
    if bool(user_id) == bool(address):
        return "A person or a mail address, one of the two."
    if channel not in CHANNELS:
        return f"One of {', '.join(CHANNELS)}."
    if user_id:
        return "" if user_id in active else "There is no active person with this id."
    if channel != CHANNELS[0]:
        return "An address outside is written to by e-mail."
    try:
        validate_email(address)
    except ValidationError:
        return f"“{address[:100]}” is not a mail address."
    return ""


def _record(actor: Actor, verb: str, row: StakeholderList) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="stakeholder list",
        obj_id=row.pk,
        label=row.name,
        team_id=row.team_id,
    )

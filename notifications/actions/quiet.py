"""A person's quiet hours."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from core.errors import NotAllowed, NotVisible, field_error
from notifications.models import QuietHours
from notifications.permissions import may_change_person
from teams.actions.audit import record
from teams.actor import Actor
from teams.models import User


def set_quiet_hours(*, actor: Actor, user_id: int, starts: dt.time, ends: dt.time) -> QuietHours:
    """Hold what can wait between these times of the person's own clock. Whole minutes; they must differ."""
    starts, ends = (time.replace(second=0, microsecond=0, tzinfo=None) for time in (starts, ends))
    if starts == ends:
        raise field_error("ends", _("Choose another time than the beginning: a whole day is never quiet."))
    with transaction.atomic():
        user = _changeable(actor, user_id)
        row, _created = QuietHours.objects.update_or_create(
            user=user, defaults={"starts": starts, "ends": ends}
        )
        _audit(actor, user, "quiet hours set", {"starts": f"{starts:%H:%M}", "ends": f"{ends:%H:%M}"})
    return row


def clear_quiet_hours(*, actor: Actor, user_id: int) -> None:
    """Hold nothing back any more. What is postponed already stays so."""
    with transaction.atomic():
        user = _changeable(actor, user_id)
        removed, _by_model = QuietHours.objects.filter(user=user).delete()
        if removed:
            _audit(actor, user, "quiet hours removed", {})


def _changeable(actor: Actor, user_id: int) -> User:
    if actor.user_id != user_id and not actor.is_admin:
        raise NotVisible
    if not may_change_person(actor, user_id):
        raise NotAllowed
    user: User | None = User.objects.select_for_update(no_key=True).filter(pk=user_id).first()
    if user is None:
        raise NotVisible
    return user


def _audit(actor: Actor, user: User, verb: str, data: dict[str, str]) -> None:
    """Only what somebody does to another person's set-up is recorded."""
    if actor.user_id != user.pk:
        record(actor=actor, verb=verb, obj_type="user", obj_id=user.pk, label=str(user), data=data)

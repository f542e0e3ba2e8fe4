"""Secret addresses of calendar feeds."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from core.crypto import digest, new_token
from core.errors import NotAllowed, NotVisible, field_error
from oncall.models import CalendarToken, Schedule
from teams.actions.audit import record
from teams.actor import Actor
from teams.models import User

MAX_TOKENS = 20


def create_calendar_token(
    *, actor: Actor, schedule_id: int | None = None, now: dt.datetime | None = None
) -> tuple[CalendarToken, str]:
    """A new feed of one's own shifts or of a visible schedule: the row and its secret. Audited."""
    now = now or clock.now()
    if actor.user_id is None:
        raise NotAllowed("A calendar belongs to a person.")
    if schedule_id is not None and not Schedule.objects.visible_to(actor).filter(pk=schedule_id).exists():
        raise field_error("schedule", "There is no such schedule.")
    secret = new_token("wbcal_")
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=actor.user_id)
        if CalendarToken.objects.visible_to(actor).usable().count() >= MAX_TOKENS:
            raise field_error("schedule", f"At most {MAX_TOKENS} calendar links; revoke one first.")
        token = CalendarToken.objects.create(
            user_id=actor.user_id, schedule_id=schedule_id, digest=digest(secret), created_at=now
        )
        _audit(actor, "created", token)
    return token, secret


def revoke_calendar_token(*, actor: Actor, token_id: int, now: dt.datetime | None = None) -> CalendarToken:
    """The address stops working. Again changes nothing."""
    now = now or clock.now()
    with transaction.atomic():
        rows = CalendarToken.objects.visible_to(actor).select_for_update(no_key=True)
        token: CalendarToken | None = rows.filter(pk=token_id).first()
        if token is None:
            raise NotVisible
        if token.revoked_at is None:
            token.revoked_at = now
            token.save(update_fields=["revoked_at"])
            _audit(actor, "revoked", token)
    return token


def _audit(actor: Actor, verb: str, token: CalendarToken) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="calendar",
        obj_id=token.pk,
        label="calendar link",
        data={"schedule": token.schedule_id},
    )

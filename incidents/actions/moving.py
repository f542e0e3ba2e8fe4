"""Changing the state together with what is known by then."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from incidents.actions.causes import add_cause, set_cause_state
from incidents.actions.status import set_status
from incidents.choices import CauseState
from incidents.models import Incident
from teams.actor import Actor


def move_on(
    *,
    actor: Actor,
    number: int,
    status: str,
    reason: str = "",
    cause: str = "",
    cause_unknown: bool = False,
    now: dt.datetime | None = None,
) -> Incident:
    """`set_status`, with the cause in words: it becomes a confirmed cause card. All or nothing."""
    now = now or clock.now()
    cause = cause.strip()
    with transaction.atomic():
        incident = set_status(
            actor=actor, number=number, status=status, reason=reason, cause_unknown=cause_unknown, now=now
        )
        if cause:
            same = incident.causes.filter(text__iexact=cause).first()
            row = same or add_cause(actor=actor, number=number, text=cause, now=now)
            set_cause_state(actor=actor, number=number, cause_id=row.pk, state=CauseState.CONFIRMED, now=now)
            incident.refresh_from_db()
    return incident

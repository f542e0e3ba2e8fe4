"""What customers read elsewhere, in the incident's own record."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from incidents.actions.common import lock_by_number, save_incident, write_entry
from incidents.choices import EntryAudience, EntryKind
from teams.actor import Actor


def record_public_notice(
    *, actor: Actor, number: int, text: str, url: str, now: dt.datetime | None = None
) -> None:
    """Write that customers were told, and where they read it. For the product's own work: no access is asked."""
    now = now or clock.now()
    with transaction.atomic():
        incident = lock_by_number(number)
        write_entry(
            incident,
            actor=actor,
            kind=EntryKind.PUBLIC_NOTICE,
            now=now,
            text=text,
            data={"url": url},
            audience=EntryAudience.SUPPORT,
        )
        save_incident(incident, now)

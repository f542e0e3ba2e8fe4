"""The end of an incident: closing facts, workaround, and how those who took part found it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from core import clock
from core.errors import Conflict, field_error
from core.text import clean, one_line
from incidents import hooks
from incidents.actions.common import announce, lock, save_incident, write_entry
from incidents.actions.details import set_fields
from incidents.actions.status import resolve
from incidents.choices import EntryAudience, EntryKind
from incidents.models import Incident, IncidentFeedback
from teams.actor import Actor

LONGEST = 2000


def set_workaround(*, actor: Actor, number: int, text: str, now: dt.datetime | None = None) -> Incident:
    """Say what keeps it going while the cause remains; "" when the cause is gone. With one, the incident
    cannot be closed before a follow-up for the lasting repair is written."""
    now = now or clock.now()
    text = one_line(text, 500)
    with transaction.atomic():
        incident = lock(actor, "set_fields", number)
        if incident.workaround == text:
            return incident
        incident.workaround = text
        write_entry(
            incident,
            actor=actor,
            kind=EntryKind.FIELDS,
            now=now,
            text=text,
            data={"workaround": bool(text)},
            audience=EntryAudience.SUPPORT,
        )
        save_incident(incident, now, "workaround")
        announce(incident, "details", actor)
    return incident


def resolve_with(
    *,
    actor: Actor,
    number: int,
    answers: Mapping[str, Any],
    workaround: str | None = None,
    override_reason: str = "",
    public_words: str = "",
    now: dt.datetime | None = None,
) -> Incident:
    """Resolve with the closing fields filled in, all or nothing. `workaround` None leaves it as it is.

    `public_words` end the notices customers still see as open; without them those stay.
    """
    now = now or clock.now()
    with transaction.atomic():
        if answers:
            set_fields(actor=actor, number=number, answers=answers, now=now)
        if workaround is not None:
            set_workaround(actor=actor, number=number, text=workaround, now=now)
        incident = resolve(actor=actor, number=number, override_reason=override_reason, now=now)
        if public_words.strip():
            hooks.end_notices(actor=actor, incident_id=incident.pk, text=public_words, now=now)
        return incident


def give_feedback(
    *,
    actor: Actor,
    number: int,
    rating: int | None = None,
    went_well: str = "",
    was_hard: str = "",
    anonymous: bool = False,
    now: dt.datetime | None = None,
) -> IncidentFeedback:
    """How the response went, from 1 (badly) to 5 (well), in one's own words. Again replaces one's own.

    Open once the incident is over. `anonymous`: nobody sees who wrote it.
    """
    if rating is not None and not 1 <= rating <= 5:
        raise field_error("rating", "From 1 to 5.")
    went_well, was_hard = clean(went_well.strip(), LONGEST), clean(was_hard.strip(), LONGEST)
    if rating is None and not went_well and not was_hard:
        raise field_error("went_well", "Say something.")
    if actor.user_id is None:
        raise field_error("rating", "Feedback is given by people.")
    now = now or clock.now()
    with transaction.atomic():
        incident = lock(actor, "give_feedback", number)
        if incident.is_active:
            raise Conflict("Feedback is asked for once the incident is over.", code="still_active")
        row, _new = IncidentFeedback.objects.update_or_create(
            incident=incident,
            user_id=actor.user_id,
            defaults={
                "rating": rating,
                "went_well": went_well,
                "was_hard": was_hard,
                "anonymous": anonymous,
                "written_at": now,
            },
        )
    return row

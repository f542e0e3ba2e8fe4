"""Up to where somebody has read a timeline."""

from __future__ import annotations

import datetime as dt

from incidents.models import Incident, IncidentVisit

# A page that refreshes itself while things happen writes this no oftener.
EVERY = dt.timedelta(minutes=1)


def remember_visit(
    incident: Incident, user_id: int | None, *, now: dt.datetime, last_at: dt.datetime | None
) -> bool:
    """Note that the person has seen the timeline to its end. At most one write a minute.

    `last_at`: when the last visit was noted. Two pages at once: the later number stays.
    """
    if user_id is None or (last_at is not None and now - last_at < EVERY):
        return False
    IncidentVisit.objects.bulk_create(
        [IncidentVisit(incident=incident, user_id=user_id, seq=incident.last_seq, seen_at=now)],
        update_conflicts=True,
        unique_fields=["incident", "user"],
        update_fields=["seq", "seen_at"],
    )
    return True

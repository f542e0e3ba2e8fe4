"""What incidents do to public pages."""

from __future__ import annotations

from core.events import subscribe
from incidents.actions.public import record_public_notice
from incidents.choices import UpdateAudience
from incidents.events import IncidentChanged
from statuspage.actions.from_incident import update_left, update_refused
from statuspage.events import NoticeSaid
from statuspage.following import follow
from teams.actor import system_actor

# After these what customers feel may be another thing.
_FELT = frozenset({"declared", "status", "details", "merged", "unmerged", "visibility", "impact"})


@subscribe(NoticeSaid, name="statuspage.record")
def record_notice(event: NoticeSaid) -> None:
    """What customers read stands in the incident's timeline."""
    text = f"{event.page}: “{event.title}”, {event.status.lower()}"
    record_public_notice(actor=system_actor(), number=event.number, text=text, url=event.path)


@subscribe(IncidentChanged, name="statuspage.follow")
def follow_incident(event: IncidentChanged) -> None:
    """Public words reach the open notices; components that follow incidents move."""
    update = event.data.get("update")
    if event.what == "update" and event.data.get("audience") == UpdateAudience.PUBLIC and update:
        update_left(update)
    elif event.what == "update_rejected" and update:
        update_refused(update)
    elif event.what in _FELT:
        follow()

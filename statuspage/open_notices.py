"""What incidents ask of public notices: which are open, and to end them with the incident."""

from __future__ import annotations

import datetime as dt

from statuspage.actions.from_incident import end_notices, open_notices
from teams.actor import Actor


class PublicNotices:
    """Fills `incidents.hooks.Notices`."""

    def open_titles(self, incident_id: int) -> list[str]:
        return [row.title for row in open_notices([incident_id])]

    def end(self, *, actor: Actor, incident_id: int, text: str, now: dt.datetime) -> None:
        end_notices(actor=actor, incident_id=incident_id, body=text, now=now)

"""What postmortems ask of public notices: which are over and may take final words, and to add them."""

from __future__ import annotations

import datetime as dt

from statuspage.actions.from_incident import notices_of
from statuspage.actions.locking import publishable_pages
from statuspage.actions.notices import update_notice
from statuspage.actions.words import Words
from teams.actor import Actor

_OVER, _WORDS = "resolved", "postmortem"


class Postmortems:
    """Fills `postmortems.hooks.PublicNotices`."""

    def open_for(self, actor: Actor, incident_id: int) -> list[tuple[str, str]]:
        rows = notices_of([incident_id]).filter(status=_OVER, page__in=publishable_pages(actor))
        found = rows.select_related("page").order_by("pk")
        return [(str(row.pk), f"{row.page.name}: {row.title}") for row in found]

    def publish(self, actor: Actor, key: str, text: str, now: dt.datetime) -> None:
        update_notice(actor=actor, notice_id=int(key), words=Words(body=text, status=_WORDS), now=now)

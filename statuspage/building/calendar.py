"""Planned work as a calendar others can subscribe to (RFC 5545)."""

from __future__ import annotations

import datetime as dt

from icalendar import Calendar, Event

from statuspage.building.load import Loaded

_REFRESH = dt.timedelta(hours=1)


def maintenance(loaded: Loaded) -> bytes:
    """Every planned work the page knows of; one that was called off is marked so, for who has it already."""
    calendar = Calendar()
    calendar.add("prodid", "-//Watchbill//Status page//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", loaded.page.name)
    calendar.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
    for notice in loaded.maintenances:
        if notice.scheduled_for is None or notice.scheduled_until is None:
            continue
        event = Event()
        event.add("uid", f"{notice.public_id}@{loaded.page.public_id}")
        event.add("dtstamp", notice.updated_at.astimezone(dt.UTC))
        event.add("last-modified", notice.updated_at.astimezone(dt.UTC))
        event.add("sequence", notice.updates.all().__len__())
        event.add("dtstart", notice.scheduled_for.astimezone(dt.UTC))
        event.add("dtend", notice.scheduled_until.astimezone(dt.UTC))
        event.add("summary", notice.title)
        newest = next(iter(notice.updates.all()), None)
        event.add("description", newest.body if newest else "")
        event.add("url", f"{loaded.base}incidents/{notice.public_id}/")
        event.add("status", "CANCELLED" if notice.cancelled_at else "CONFIRMED")
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    return bytes(calendar.to_ical())

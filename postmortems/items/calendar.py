"""Action items as a calendar of whole days (RFC 5545)."""

from __future__ import annotations

import datetime as dt
import hashlib

from django.conf import settings
from icalendar import Calendar, Event

from core.text import clean
from postmortems.models import ActionItem
from teams.actor import Actor

_MOST = 500


def feed(actor: Actor) -> tuple[bytes, str]:
    """(calendar, ETag) of the person's own open items, by due day; the same until one of them changes."""
    rows = ActionItem.objects.visible_to(actor).open()
    rows = rows.filter(owner_id=actor.user_id or 0, due_on__isnull=False)
    calendar = Calendar()
    calendar.add("prodid", "-//Watchbill//Action items//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", "Action items")
    calendar.add("refresh-interval", dt.timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for item in rows.select_related("incident").order_by("due_on", "pk")[:_MOST]:
        calendar.add_component(_event(item))
    text = calendar.to_ical()
    return text, f'"{hashlib.sha256(text).hexdigest()[:32]}"'


def _event(item: ActionItem) -> Event:
    event = Event()
    event.add("uid", f"action-item-{item.pk}@watchbill")
    # The time of its last change and not of this answer, so that an unchanged calendar stays the same.
    event.add("dtstamp", item.updated_at)
    event.add("last-modified", item.updated_at)
    event.add("dtstart", item.due_on)
    event.add("dtend", (item.due_on or dt.date.min) + dt.timedelta(days=1))
    event.add("summary", clean(item.title))
    lines = [str(item.get_item_class_display()), str(item.get_status_display())]
    if item.incident is not None:
        lines.append(f"#{item.incident.number}")
    event.add("description", clean(" · ".join(lines)))
    event.add("url", f"{settings.BASE_URL}{item.get_absolute_url()}")
    event.add("transp", "TRANSPARENT")
    return event

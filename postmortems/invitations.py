"""Invitations to meetings as calendar text (RFC 5545, RFC 5546). Pure: no database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from icalendar import Calendar, Event, vCalAddress, vText

from core.text import clean, one_line

REQUEST, CANCEL, PUBLISH = "REQUEST", "CANCEL", "PUBLISH"


@dataclass(frozen=True)
class Guest:
    name: str
    email: str


@dataclass(frozen=True)
class Invitation:
    """A meeting as a calendar needs it. `uid` stays for ever, `sequence` rises with each change; instants are given
    in UTC, so that no description of a time zone is needed."""

    uid: str
    sequence: int
    starts_at: dt.datetime
    minutes: int
    summary: str
    description: str
    place: str
    url: str
    organiser: Guest | None
    guests: Sequence[Guest]
    stamped_at: dt.datetime


def calendar(invitation: Invitation, method: str = REQUEST) -> str:
    """The text of the invitation (REQUEST), of calling it off (CANCEL), or of a copy to keep (PUBLISH)."""
    found = Calendar()
    found.add("prodid", "-//Watchbill//Postmortems//EN")
    found.add("version", "2.0")
    found.add("method", method)
    event = Event()
    event.add("uid", invitation.uid)
    event.add("sequence", invitation.sequence)
    event.add("dtstamp", invitation.stamped_at.astimezone(dt.UTC))
    starts = invitation.starts_at.astimezone(dt.UTC)
    event.add("dtstart", starts)
    event.add("dtend", starts + dt.timedelta(minutes=invitation.minutes))
    event.add("summary", one_line(invitation.summary, 200))
    event.add("description", clean(invitation.description, 5000))
    if invitation.place:
        event.add("location", one_line(invitation.place, 300))
    event.add("url", invitation.url)
    event.add("status", "CANCELLED" if method == CANCEL else "CONFIRMED")
    event.add("transp", "OPAQUE")
    if invitation.organiser is not None:
        event.add("organizer", _address(invitation.organiser))
    for guest in invitation.guests:
        address = _address(guest)
        address.params["ROLE"] = vText("REQ-PARTICIPANT")
        address.params["PARTSTAT"] = vText("NEEDS-ACTION")
        address.params["RSVP"] = vText("TRUE")
        event.add("attendee", address, encode=False)
    found.add_component(event)
    return str(found.to_ical().decode())


def _address(guest: Guest) -> vCalAddress:
    address = vCalAddress(f"mailto:{guest.email}")
    # A quotation mark cannot stand in a parameter, however it is written.
    address.params["CN"] = vText(one_line(guest.name, 100).replace('"', "'"))
    return address

"""Sending invitations: to everybody, to somebody who was added late, to somebody who need not come any more."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Collection

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override as language

from incidents.recipients import seers
from notifications.actions.messages import request_message
from notifications.choices import Category
from postmortems.choices import MeetingKind
from postmortems.invitations import CANCEL, REQUEST, Guest, Invitation, calendar
from postmortems.models import Attendee, Meeting, Postmortem
from teams.models import User


def send(meeting: Meeting, now: dt.datetime, *, method: str = REQUEST) -> int:
    """A message with the calendar part to every attendee who may see the incident; returns to how many. Nothing for a
    meeting that is past."""
    if meeting.starts_at <= now:
        return 0
    rows = _attendees(meeting.postmortem)
    _send(meeting, rows, now, method)
    if method == REQUEST:
        Attendee.objects.filter(pk__in=[row.pk for row in rows]).update(invited_at=now)
    return len(rows)


def invite_late(attendee: Attendee, now: dt.datetime) -> None:
    """Somebody was added: the meetings to come."""
    for meeting in _to_come(attendee.postmortem_id, now):
        _send(meeting, [attendee], now, REQUEST)
        attendee.invited_at = now
        attendee.save(update_fields=["invited_at"])


def uninvite(attendee: Attendee, now: dt.datetime) -> None:
    """Somebody is taken off the list: the meetings they were asked to."""
    if attendee.invited_at is not None:
        for meeting in _to_come(attendee.postmortem_id, now):
            _send(meeting, [attendee], now, CANCEL)


def invitation_of(
    meeting: Meeting, now: dt.datetime, guests: Collection[Attendee] | None = None
) -> Invitation:
    """The meeting as a calendar shows it; `guests`: these alone, as one sees them who is called off."""
    postmortem = meeting.postmortem
    incident = postmortem.incident
    chair = postmortem.organiser or postmortem.owner or meeting.created_by
    rows = _attendees(postmortem) if guests is None else guests
    url = f"{settings.BASE_URL}{address_of(meeting)}"
    return Invitation(
        uid=f"{meeting.uid}@watchbill",
        sequence=meeting.sequence,
        starts_at=meeting.starts_at,
        minutes=meeting.minutes,
        summary=f"{meeting.get_kind_display()}: #{incident.number} {incident.name_outside}",
        description=f"{url}\n\n{meeting.agenda}".strip(),
        place=meeting.place,
        url=url,
        organiser=Guest(chair.name, chair.email) if chair else None,
        guests=[Guest(row.user.name, row.user.email) for row in rows],
        stamped_at=now,
    )


def address_of(meeting: Meeting) -> str:
    return f"/postmortems/{meeting.postmortem_id}/meetings/{meeting.pk}/"


def _to_come(postmortem_id: int, now: dt.datetime) -> list[Meeting]:
    rows = Meeting.objects.filter(
        postmortem_id=postmortem_id, starts_at__gt=now, held_at__isnull=True, cancelled_at__isnull=True
    )
    return list(rows.select_related("postmortem__incident", "postmortem__organiser", "postmortem__owner"))


def _attendees(postmortem: Postmortem) -> list[Attendee]:
    rows = list(Attendee.objects.filter(postmortem=postmortem).select_related("user"))
    seeing = seers(postmortem.incident, [row.user_id for row in rows])
    return [row for row in rows if row.user_id in seeing]


def _send(meeting: Meeting, rows: Collection[Attendee], now: dt.datetime, method: str) -> None:
    incident = meeting.postmortem.incident
    # Whoever is called off alone learns nothing of the others; an invitation says who else comes.
    only = rows if method == CANCEL else None
    text = calendar(invitation_of(meeting, now, only), method)
    for row in rows:
        with language(row.user.language):
            title, body = _words(meeting, row.user, method)
        request_message(
            key=f"meeting/{meeting.pk}/{method.lower()}/{meeting.sequence}/{row.pk}",
            category=Category.REMINDER,
            user_id=row.user_id,
            title=title,
            body=body,
            url_path=address_of(meeting),
            team_id=incident.team_id,
            subject_key=incident.subject_key,
            payload={"calendar": {"method": method, "text": text}},
            now=now,
        )


def _words(meeting: Meeting, user: User, method: str) -> tuple[str, str]:
    number = {"number": meeting.postmortem.incident.number}
    try:
        at = meeting.starts_at.astimezone(user.zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        at = meeting.starts_at.astimezone(dt.UTC)
    if method == CANCEL:
        title = _("Called off: the meeting about #%(number)s")
    elif meeting.sequence:
        title = _("Changed: the meeting about #%(number)s")
    elif meeting.kind == MeetingKind.FOLLOW_UP:
        title = _("Follow-up meeting about #%(number)s")
    else:
        title = _("Review of #%(number)s")
    lines = [meeting.postmortem.incident.name_outside, f"{at:%-d %B %Y, %H:%M} ({at.tzname()})"]
    if meeting.place:
        lines.append(meeting.place)
    return title % number, "\n".join(lines)

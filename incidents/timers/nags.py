"""Sends the reminders of missing facts to whoever owns the incident, each not more often than it says."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override as language

from incidents.actions.common import lock_by_number
from incidents.choices import IncidentKind, IncidentStatus
from incidents.hooks import follow_ups
from incidents.models import Incident, IncidentNag
from incidents.nags import Nag, is_daytime, missing
from notifications.actions.messages import request_message
from notifications.choices import Category, Urgency
from teams.actor import actor_for
from teams.choices import TeamRole
from teams.models import User

AT_ONCE = 500
_ASKED = (
    IncidentStatus.INVESTIGATING,
    IncidentStatus.IDENTIFIED,
    IncidentStatus.MONITORING,
    IncidentStatus.RESOLVED,
    IncidentStatus.IN_REVIEW,
)


def nag(now: dt.datetime) -> int:
    """Ask for what is missing; returns how many reminders were written. Idempotent within their intervals."""
    rows = Incident.objects.filter(status__in=_ASKED, kind=IncidentKind.REAL, on_hold_until=None)
    rows = rows.select_related("severity", "commander").prefetch_related("nags").order_by("-number")
    sent = 0
    for incident in rows[:AT_ONCE]:
        told = {row.what: row for row in incident.nags.all()}
        due = [each for each in missing(incident, now) if _is_due(each, told.get(each.what), now)]
        if any(each.what == "review" for each in due) and follow_ups(incident.pk).published is not None:
            # With a postmortem its organiser is reminded instead.
            due = [each for each in due if each.what != "review"]
        if due:
            sent += _send(incident.number, due[0].what, now)
    return sent


def _is_due(nag: Nag, told: IncidentNag | None, now: dt.datetime) -> bool:
    return told is None or (told.times < nag.times and told.last_at + nag.every <= now)


def _send(number: int, what: str, now: dt.datetime) -> int:
    """Write one reminder, after looking once more under the incident's lock."""
    with transaction.atomic():
        incident = lock_by_number(number)
        found = next((each for each in missing(incident, now) if each.what == what), None)
        told = incident.nags.filter(what=what).first()
        owner = owner_of(incident)
        if found is None or owner is None or not _is_due(found, told, now):
            return 0
        if not found.now and not is_daytime(now.astimezone(owner.zone)):
            return 0
        times = told.times + 1 if told else 1
        IncidentNag.objects.update_or_create(
            incident=incident, what=what, defaults={"times": times, "last_at": now}
        )
        with language(owner.language):
            title = _("#%(number)s: %(question)s") % {"number": number, "question": found.title}
            body = f"{incident.name_outside}\n\n{found.body}"
        sent = request_message(
            key=f"nag/{number}/{what}/{times}",
            category=Category.REMINDER,
            user_id=owner.pk,
            title=title,
            body=body,
            url_path=f"{incident.get_absolute_url()}{found.dialog}",
            team_id=incident.team_id,
            subject_key=incident.subject_key,
            urgency=Urgency.HIGH if found.now else Urgency.LOW,
            now=now,
        )
    return int(sent is not None)


def owner_of(incident: Incident) -> User | None:
    """Who is asked: commander, else whoever acknowledged, else who declared it, else a manager of the team;
    the first who is still there and may see the incident."""
    ids = [incident.commander_id, incident.acknowledged_by_id, incident.created_by_id]
    people = User.objects.active().in_bulk([pk for pk in ids if pk is not None])
    named = [people[pk] for pk in ids if pk in people]
    managers = User.objects.active().filter(
        memberships__team_id=incident.team_id, memberships__role=TeamRole.MANAGER
    )
    rest = managers.order_by("pk") if incident.team_id is not None and not named else ()
    for person in (*named, *rest):
        if Incident.objects.visible_to(actor_for(person)).filter(pk=incident.pk).exists():
            return person
    return None

"""Who sees an incident: its team's readers, or only the people invited to it."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from core import clock
from core.errors import NotAllowed, field_error
from core.live.publishing import recheck
from core.text import one_line
from incidents.actions.access import grant_respond, withdraw_member_grants
from incidents.actions.common import announce, lock, save_incident, write_entry
from incidents.choices import EntryKind, Visibility
from incidents.live import rescope
from incidents.models import Incident, RoleAssignment, TimelineEntry
from teams.actor import Actor
from teams.models import User

_MAX_REASON = 500


def set_visibility(
    *, actor: Actor, number: int, visibility: str, reason: str = "", now: dt.datetime | None = None
) -> Incident:
    """Make an incident *restricted* or *open* again. Managers of its team and admins.

    Restricted: besides admins only those invited see it from this commit on: whoever has a role, was
    paged, declared or acknowledged it, and the actor. Roles and pages invite more people afterwards.
    Open: as its team. Listening sockets are asked anew; what the feed has stored follows. The present
    value again changes nothing.
    """
    if visibility not in Visibility.values:
        raise field_error("visibility", f"One of {', '.join(Visibility.values)}.")
    now = now or clock.now()
    with transaction.atomic():
        incident = lock(actor, "restrict", number)
        if incident.visibility == visibility:
            return incident
        if actor.bound_team_id is not None:
            raise NotAllowed("A token bound to a team sees open incidents alone and cannot restrict one.")
        old, incident.visibility = incident.visibility, visibility
        if visibility == Visibility.RESTRICTED:
            grant_respond(incident, *_invited(incident, actor))
        else:
            withdraw_member_grants(incident)
        write_entry(
            incident,
            actor=actor,
            kind=EntryKind.VISIBILITY,
            now=now,
            text=one_line(reason, _MAX_REASON),
            data={"old": old, "new": visibility},
        )
        save_incident(incident, now, "visibility")
        rescope(incident)
        recheck(topic=incident.subject_key)
        announce(incident, "visibility", actor, old=old, new=visibility)
    return incident


def _invited(incident: Incident, actor: Actor) -> set[int]:
    """Who is part of this incident already. Admins see it anyway and need no row."""
    roles = RoleAssignment.objects.filter(incident=incident, ended_at__isnull=True)
    people = set(roles.values_list("user_id", flat=True))
    pages = TimelineEntry.objects.filter(incident=incident, kind=EntryKind.PAGE_SENT)
    for users in pages.values_list("data__users", flat=True):
        people |= set(users or [])
    others = (incident.created_by_id, incident.acknowledged_by_id, actor.user_id)
    people |= {pk for pk in others if pk is not None}
    return set(User.objects.filter(pk__in=people, is_superuser=False).values_list("pk", flat=True))

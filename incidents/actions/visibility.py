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
_MAX_CODE_NAME = 60


def set_visibility(
    *,
    actor: Actor,
    number: int,
    visibility: str,
    code_name: str | None = None,
    reason: str = "",
    now: dt.datetime | None = None,
) -> Incident:
    """Make an incident *restricted* or *open* again. Managers of its team and admins.

    Restricted: besides admins only those invited see it from this commit on: whoever has a role, was
    paged, declared or acknowledged it, and the actor. Roles and pages invite more people afterwards.
    Open: as its team. Listening sockets are asked anew; what the feed has stored follows. The present
    value again changes nothing. `code_name` (restricted only; None leaves it): what it is called in mail
    subjects, on lock screens and wherever others may look over a shoulder.
    """
    if visibility not in Visibility.values:
        raise field_error("visibility", f"One of {', '.join(Visibility.values)}.")
    now = now or clock.now()
    named = one_line(code_name, _MAX_CODE_NAME) if code_name is not None else None
    if named and visibility == Visibility.OPEN:
        raise field_error("code_name", "Only a restricted incident has a code name.")
    with transaction.atomic():
        incident = lock(actor, "restrict", number)
        if incident.visibility == visibility and named in (None, incident.code_name):
            return incident
        if actor.bound_team_id is not None:
            raise NotAllowed("A token bound to a team sees open incidents alone and cannot restrict one.")
        old = incident.visibility
        if visibility == Visibility.RESTRICTED:
            incident.code_name = incident.code_name if named is None else named
            restrict(incident, actor=actor, now=now, reason=reason)
        else:
            incident.visibility, incident.code_name = visibility, ""
            withdraw_member_grants(incident)
            _say(incident, old, actor=actor, now=now, reason=reason)
        save_incident(incident, now, "visibility", "code_name")
        if visibility == Visibility.OPEN:
            rescope(incident)
            recheck(topic=incident.subject_key)
        announce(incident, "visibility", actor, old=old, new=visibility)
    return incident


def restrict(incident: Incident, *, actor: Actor, now: dt.datetime, reason: str = "") -> None:
    """Restrict the locked incident to those who are part of it; the caller saves it and announces."""
    old, incident.visibility = incident.visibility, Visibility.RESTRICTED
    grant_respond(incident, *_invited(incident, actor))
    _say(incident, old, actor=actor, now=now, reason=reason)
    rescope(incident)
    recheck(topic=incident.subject_key)


def _say(incident: Incident, old: str, *, actor: Actor, now: dt.datetime, reason: str) -> None:
    write_entry(
        incident,
        actor=actor,
        kind=EntryKind.VISIBILITY,
        now=now,
        text=one_line(reason, _MAX_REASON),
        data={"old": old, "new": incident.visibility, "code_name": incident.code_name},
    )


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

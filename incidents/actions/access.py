"""Exceptions to team access, kept as guardian rows on the incident."""

from __future__ import annotations

from django.contrib.auth.models import Permission

from incidents.choices import Visibility
from incidents.models import Incident, IncidentUserPermission
from teams.models import Membership


def _permission_id(codename: str) -> int:
    return Permission.objects.get(content_type__app_label="incidents", codename=codename).pk


def grant_respond(incident: Incident, *user_ids: int) -> None:
    """Let people see and respond to this one incident.

    Members of the team need no row and get none, unless they only observe it or the incident is
    restricted: then a row is what invites.
    """
    people = set(user_ids)
    if incident.team_id is not None and incident.visibility == Visibility.OPEN:
        inside = Membership.objects.filter(team_id=incident.team_id, user_id__in=people)
        people -= set(inside.exclude(role="observer").values_list("user_id", flat=True))
    if not people:
        return
    permission_id = _permission_id("respond_incident")
    IncidentUserPermission.objects.bulk_create(
        [
            IncidentUserPermission(content_object=incident, user_id=user_id, permission_id=permission_id)
            for user_id in sorted(people)
        ],
        ignore_conflicts=True,
    )


def withdraw_member_grants(incident: Incident) -> None:
    """Take the rows back that members of the team got while the incident was restricted."""
    members = Membership.objects.filter(team__incidents=incident).exclude(role="observer")
    rows = IncidentUserPermission.objects.filter(content_object=incident)
    rows.filter(user_id__in=members.values("user_id")).delete()

"""How an actor stands to an incident that was read; the words are those of `incidents.permissions`.

`IncidentQuerySet.allowing` says the same as a condition of the database. tests/incidents/test_access.py holds the two
against each other, verb by verb.
"""

from __future__ import annotations

from incidents.choices import Role, Visibility
from incidents.models import Incident, RoleAssignment
from teams.actor import Actor
from teams.choices import TeamRole

_LEADING = (Role.DEPUTY, Role.COMMUNICATIONS)


def standings(actor: Actor, incident: Incident) -> frozenset[str]:
    """All standings of somebody who sees the incident. Asks the database only for what was not read with it:
    the roles held, and for people from outside the team whether they were invited."""
    held = {"reader"}
    if actor.is_admin:
        held.add("admin")
    for role in (TeamRole.MANAGER, TeamRole.RESPONDER):
        teams = actor.teams_with(role)
        if teams and (incident.team_id is None or incident.team_id in teams):
            held.add(role.value)
    if actor.is_support and incident.visibility == Visibility.OPEN:
        held.add("support")
    commands = actor.user_id is not None and incident.commander_id == actor.user_id
    if commands or _leads(actor, incident):
        held.add("lead")
    if commands or (held <= {"reader", "support", "lead"} and _invited(actor, incident)):
        held.add("guest")
    return frozenset(held)


def _leads(actor: Actor, incident: Incident) -> bool:
    roles: list[RoleAssignment] | None = getattr(incident, "current_roles", None)
    if roles is not None:
        return any(row.user_id == actor.user_id and row.role in _LEADING for row in roles)
    rows = RoleAssignment.objects.filter(
        incident=incident, user_id=actor.user_id or 0, role__in=_LEADING, ended_at__isnull=True
    )
    return rows.exists()


def _invited(actor: Actor, incident: Incident) -> bool:
    return bool(Incident.objects.granted_to(actor).filter(pk=incident.pk).exists())

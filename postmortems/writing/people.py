"""Who looks after a new postmortem and who is proposed for its review. Reads alone."""

from __future__ import annotations

from dataclasses import dataclass

from incidents.choices import Role
from incidents.models import Incident, RoleAssignment
from incidents.recipients import seers
from postmortems.choices import Part
from postmortems.models import DefaultAttendee, ReviewDefaults
from teams.choices import TeamRole
from teams.models import Membership

_PARTS = {
    Role.COMMUNICATIONS: Part.COMMUNICATIONS,
    Role.INTERNAL_LIAISON: Part.COMMUNICATIONS,
    Role.CUSTOMER_LIAISON: Part.SUPPORT,
}
_QUIET = (Role.OBSERVER, Role.EXECUTIVE)


@dataclass(frozen=True)
class Invitee:
    """A proposed attendee; `why`: a role of the incident, or the team's default."""

    user_id: int
    part: str
    why: str


@dataclass(frozen=True)
class Cast:
    """User ids; None where nobody can be named."""

    owner: int | None
    owner_backup: int | None
    organiser: int | None
    organiser_backup: int | None
    process_owner: int | None
    process_owner_backup: int | None
    attendees: tuple[Invitee, ...]


_NAMES = ("organiser", "organiser_backup", "process_owner", "process_owner_backup")


@dataclass(frozen=True)
class _Known:
    """What may name somebody: `held` (role, user id, label), the team's managers, `named` by its defaults in the
    order of `_NAMES`, and `usual` attendees (user id, part)."""

    held: list[tuple[str, int, str]]
    managers: list[int]
    named: list[int | None]
    usual: list[tuple[int, str]]

    def role(self, *names: str) -> list[int]:
        return [user for key, user, _label in self.held if key in names]

    @property
    def people(self) -> set[int | None]:
        found: set[int | None] = {*self.managers, *self.named}
        return found | {user for _role, user, _label in self.held} | {user for user, _part in self.usual}


def _known(incident: Incident) -> _Known:
    rows = RoleAssignment.objects.filter(incident=incident).order_by("ended_at", "pk")
    held = list(rows.values_list("role", "user_id", "label"))
    team = incident.team_id
    if team is None:
        return _Known(held, [], [None] * len(_NAMES), [])
    defaults = ReviewDefaults.objects.filter(team_id=team).first()
    managers = Membership.objects.filter(team_id=team, role=TeamRole.MANAGER).order_by("pk")
    return _Known(
        held,
        list(managers.values_list("user_id", flat=True)),
        [getattr(defaults, f"{name}_id", None) for name in _NAMES],
        list(DefaultAttendee.objects.filter(team_id=team).values_list("user_id", "part")),
    )


def cast_for(incident: Incident, *, owner_id: int | None = None) -> Cast:
    """From the roles of the incident, then from the team's defaults, then from its managers. Only active people
    who may see the incident; nobody is their own backup. Eight statements at most."""
    known = _known(incident)
    people = known.people | {incident.commander_id, incident.acknowledged_by_id, owner_id}
    seeing = seers(incident, [pk for pk in people if pk is not None])

    def first(*wanted: int | None, but: int | None = None) -> int | None:
        return next((pk for pk in wanted if pk in seeing and pk != but), None)

    organiser, organiser_backup, process, process_backup = known.named
    managers, role = known.managers, known.role
    owner = first(
        owner_id, incident.commander_id, *role(Role.COMMANDER), incident.acknowledged_by_id, *managers
    )
    calls = first(organiser, *(pk for pk in managers if pk != owner), *role(Role.SCRIBE), *managers, owner)
    changes = first(process, *managers, owner)
    return Cast(
        owner,
        first(*role(Role.DEPUTY, Role.EXPERT, Role.RESPONDER), *managers, but=owner),
        calls,
        first(organiser_backup, *role(Role.SCRIBE, Role.DEPUTY), owner, but=calls),
        changes,
        first(process_backup, *managers, owner, but=changes),
        _attendees(incident, known.held, known.usual, seeing),
    )


def _attendees(
    incident: Incident, held: list[tuple[str, int, str]], usual: list[tuple[int, str]], seeing: set[int]
) -> tuple[Invitee, ...]:
    found: dict[int, Invitee] = {}
    for key, user, label in held:
        if key not in _QUIET and user in seeing:
            found.setdefault(
                user,
                Invitee(
                    user, _PARTS.get(Role(key), Part.ENGINEERING) if key in Role.values else Part.OTHER, label
                ),
            )
    for person in (incident.commander_id, incident.acknowledged_by_id):
        if person is not None and person in seeing:
            found.setdefault(person, Invitee(person, Part.ENGINEERING, ""))
    for user, part in usual:
        if user in seeing:
            found.setdefault(user, Invitee(user, part, ""))
    return tuple(found.values())

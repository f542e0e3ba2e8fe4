"""Who does what: faces, empty roles that are needed, offers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from incidents.choices import Role
from incidents.models import RoleAssignment, RoleDefinition, RoleOffer
from incidents.tasklists import missing_roles, open_offers
from incidents.views.parts.base import Part, State
from oncall.models import Schedule
from teams.actor import Actor

# At these ranks one person should not lead and repair at once.
_TWO_PEOPLE = 1


@dataclass
class RoleCard:
    """A role on the page. `schedule`: who may be called from it while the role is needed, if the viewer may see
    it."""

    definition: RoleDefinition
    holders: list[RoleAssignment]
    needed: bool
    schedule: Schedule | None
    mine: bool = False
    offers: list[RoleOffer] = field(default_factory=list)


def _roles(state: State) -> dict[str, Any]:
    known = list(RoleDefinition.objects.all())
    offers = open_offers(state.incident) if state.has("offers") else []
    needed = {row.key for row in missing_roles(state.incident, state.roles, known)}
    me = state.actor.user_id
    schedules = _schedules(state.actor, [row.schedule_id for row in known if row.key in needed])
    cards = []
    for definition in known:
        holders = [row for row in state.roles if row.role == definition.key]
        pending = [row for row in offers if row.role == definition.key]
        if holders or pending or definition.key in needed:
            cards.append(
                RoleCard(
                    definition,
                    holders,
                    definition.key in needed,
                    schedules.get(definition.schedule_id),
                    any(row.user_id == me for row in holders),
                    pending,
                )
            )
    cards += [
        RoleCard(RoleDefinition(key=row.role, name=row.label), [row], False, None, row.user_id == me)
        for row in state.roles
        if row.role not in {definition.key for definition in known}
    ]
    return {
        "role_cards": cards,
        "offers_to_me": [row for row in offers if row.offered_to_id == me],
        "i_take_part": any(row.user_id == me for row in state.roles),
        "two_hats": _two_hats(state),
    }


def _two_hats(state: State) -> str:
    """The commander repairs as well: the sentence that warns of it, or ""."""
    rank = state.incident.severity_id
    if rank is None or rank > _TWO_PEOPLE:
        return ""
    experts = {row.user_id for row in state.roles if row.role == Role.EXPERT}
    both = next((row for row in state.roles if row.role == Role.COMMANDER and row.user_id in experts), None)
    if both is None:
        return ""
    return _("%(name)s leads and repairs at once. Name another expert or commander.") % {
        "name": both.user.name
    }


def _schedules(actor: Actor, ids: list[int | None]) -> dict[int | None, Schedule]:
    """Those of these schedules that the viewer may see, by id; no statement where no role is filled from one."""
    wanted = {pk for pk in ids if pk is not None}
    return dict(Schedule.objects.visible_to(actor).in_bulk(wanted)) if wanted else {}


PARTS = (Part("roles", "incidents/partials/roles.html", _roles),)

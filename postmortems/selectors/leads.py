"""Who leads the people who do an action item."""

from __future__ import annotations

from incidents.recipients import seers
from postmortems.models import ActionItem
from teams.choices import TeamRole
from teams.models import Membership, User


def leads_of(item: ActionItem) -> list[int]:
    """Ids of the active managers of the item's team, or of its owner's teams when it has none; only those who may
    see it. At most six statements."""
    return _seeing(item, _managers(item.team_id, item.owner_id))


def deciders(item: ActionItem, *, but: int | None = None) -> list[int]:
    """Who is asked whether it may be dropped: the managers of its team, without a team those of its postmortem's
    owner (else its own), and when there are none the admins. Never `but`."""
    person = item.postmortem.owner_id if item.postmortem is not None else item.owner_id
    found = [pk for pk in _seeing(item, _managers(item.team_id, person)) if pk != but]
    if found:
        return found
    admins = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=but or 0)
    return list(admins.order_by("pk").values_list("pk", flat=True))


def _managers(team_id: int | None, person_id: int | None) -> list[int]:
    """Active managers of the team, or without one of the person's teams."""
    rows = Membership.objects.filter(role=TeamRole.MANAGER, user__is_active=True)
    if team_id is not None:
        rows = rows.filter(team_id=team_id)
    else:
        rows = rows.filter(team_id__in=Membership.objects.filter(user_id=person_id or 0).values("team_id"))
    return sorted(set(rows.values_list("user_id", flat=True)))


def _seeing(item: ActionItem, ids: list[int]) -> list[int]:
    if item.incident is None or not ids:
        return ids
    seeing = seers(item.incident, ids)
    return [pk for pk in ids if pk in seeing]

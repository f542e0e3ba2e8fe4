"""Groups of the identity provider as team memberships, brought up to date at each sign-in."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction

from teams.actions.audit import record
from teams.actions.memberships import join, last_manager, leave
from teams.actor import system_actor
from teams.choices import TeamRole
from teams.models import Membership, Team, User

_RANK = {TeamRole.OBSERVER: 0, TeamRole.RESPONDER: 1, TeamRole.MANAGER: 2}


def groups_in(data: dict[str, Any], claim: str) -> list[str]:
    """The group names in what the provider said (user info or ID token); anything else counts as none."""
    for part in (data.get("userinfo"), data.get("id_token"), data):
        value = part.get(claim) if isinstance(part, dict) else None
        if isinstance(value, str):
            return [value]
        if isinstance(value, list):
            return [item for item in value[:1000] if isinstance(item, str)]
    return []


def sync_groups(*, user_id: int, groups: Collection[str], mapping: Iterable[tuple[str, str, str]]) -> None:
    """Give the person what the mapping says and take what came from it before. Audited.

    `mapping`: (group, team slug, role); of several roles in a team the highest counts, and unknown teams
    are skipped. Memberships set by hand are never touched, and a team's last manager stays.
    """
    wanted: dict[str, str] = {}
    for group, slug, role in mapping:
        if group in groups and _RANK[TeamRole(role)] >= _RANK.get(TeamRole(wanted.get(slug, role)), 0):
            wanted[slug] = role
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=user_id)
        held = {row.team.slug: row for row in user.memberships.select_related("team", "user")}
        for team in Team.objects.select_for_update(no_key=True).filter(slug__in=wanted).order_by("pk"):
            _give(user, team, wanted[team.slug], held.get(team.slug))
        for slug, membership in held.items():
            if slug not in wanted and membership.from_groups:
                _take(user, membership)


def _give(user: User, team: Team, role: str, held: Membership | None) -> None:
    if held is not None and (not held.from_groups or held.role == role):
        return
    if held is not None and held.role == TeamRole.MANAGER and last_manager(team.pk, user.pk):
        return
    join(team, user, role, from_groups=True)
    _note(user, team, "member set", role)


def _take(user: User, membership: Membership) -> None:
    team = membership.team
    if membership.role == TeamRole.MANAGER and last_manager(team.pk, user.pk):
        return
    leave(membership)
    _note(user, team, "member removed", "")


def _note(user: User, team: Team, verb: str, role: str) -> None:
    record(
        actor=system_actor(label="Single sign-on", via="system"),
        verb=verb,
        obj_type="team",
        obj_id=team.pk,
        label=team.name,
        team_id=team.pk,
        data={"user": user.pk, "name": user.name, "role": role},
    )

"""Whom policies would page first, for lists of services: a fixed number of statements."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from oncall.choices import TargetType
from oncall.loading import users_at
from oncall.models import EscalationPolicy, PolicyStep, PolicyTarget
from teams.choices import TeamRole
from teams.models import Membership, User


@dataclass
class PagedNow:
    """What the first step of a policy that reaches anybody comes to. `whole_team`: it names a team."""

    policy: EscalationPolicy
    users: list[User] = field(default_factory=list)
    whole_team: bool = False
    step: int = 0


def policy_ids_of(pairs: Mapping[int, tuple[int | None, int | None]]) -> dict[int, int]:
    """Key → policy id from key → (own policy, team): the own one, else the team's default."""
    teams = {team for own, team in pairs.values() if own is None and team is not None}
    rows = EscalationPolicy.objects.filter(team_id__in=teams, is_default=True) if teams else ()
    defaults = {row.team_id: row.pk for row in rows}
    found = {key: own or defaults.get(team or 0) for key, (own, team) in pairs.items()}
    return {key: policy for key, policy in found.items() if policy is not None}


def paged_now(policy_ids: Iterable[int], at: dt.datetime) -> dict[int, PagedNow]:
    """Policy id → whom it would page first at the instant."""
    found = {row.pk: PagedNow(row) for row in EscalationPolicy.objects.filter(pk__in=set(policy_ids))}
    if not found:
        return {}
    steps: dict[int, dict[int, list[PolicyTarget]]] = defaultdict(dict)
    for step in PolicyStep.objects.filter(policy__in=found).prefetch_related("targets__schedule"):
        steps[step.policy_id][step.position] = list(step.targets.all())
    targets = [target for each in steps.values() for row in each.values() for target in row]
    schedules = {target.schedule_id: target.schedule for target in targets if target.schedule}
    on_call = users_at(list(schedules.values()), at) if schedules else {}
    members = paged_members({target.team_id for target in targets if target.team_id})
    ids = {target.user_id for target in targets if target.user_id}
    ids |= {user for users in (*on_call.values(), *members.values()) for user in users}
    people = {user.pk: user for user in User.objects.active().filter(pk__in=ids)}
    for pk, row in found.items():
        for position in sorted(steps[pk]):
            named = [user for target in steps[pk][position] for user in _ids(target, on_call, members)]
            row.users = [people[user] for user in dict.fromkeys(named) if user in people]
            row.step = position
            row.whole_team = any(target.type == TargetType.TEAM for target in steps[pk][position])
            if row.users:
                break
    return found


def paged_members(team_ids: set[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {team: [] for team in team_ids}
    if team_ids:
        paged = (TeamRole.MANAGER, TeamRole.RESPONDER)
        rows = Membership.objects.filter(team_id__in=team_ids, role__in=paged).order_by("user_id")
        for team, user in rows.values_list("team_id", "user_id"):
            found[team].append(user)
    return found


def _ids(target: PolicyTarget, on_call: dict[int, list[int]], members: dict[int, list[int]]) -> list[int]:
    if target.user_id:
        return [target.user_id]
    if target.schedule_id:
        return on_call.get(target.schedule_id, [])
    return members.get(target.team_id or 0, [])

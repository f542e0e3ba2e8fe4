"""Whom the steps of a policy would page at an instant: targets resolved against the database."""

from __future__ import annotations

import datetime as dt

from notifications.selectors import reachability
from oncall.choices import TargetType
from oncall.escalation.decision import Reach, Recipient, StepReach
from oncall.escalation.snapshot import PolicySnapshot, Target
from oncall.loading import users_at
from oncall.models import Schedule
from teams.choices import TeamRole
from teams.models import Membership, User

_PAGED_ROLES = (TeamRole.MANAGER, TeamRole.RESPONDER)


class Resolver:
    """Resolves every target of one snapshot in a fixed number of statements.

    `names` maps user ids to names, for the record.
    """

    def __init__(self, policy: PolicySnapshot, *, team_id: int | None, urgency: str, at: dt.datetime) -> None:
        self.policy = policy
        targets = {target for step in policy.steps for target in step.targets}
        by_type = {kind: [t.id for t in targets if t.type == kind] for kind in TargetType.values}
        self.schedules = {row.pk: row for row in Schedule.objects.filter(pk__in=by_type["schedule"])}
        self.on_call = users_at(list(self.schedules.values()), at) if self.schedules else {}
        self.members, self.managers = self._memberships(by_type["team"], team_id)
        people = {*by_type["user"], *self.managers}
        people |= {user for users in self.on_call.values() for user in users}
        people |= {user for users in self.members.values() for user in users}
        rows = User.objects.filter(pk__in=people).values_list("pk", "name", "is_active")
        self.names = {pk: name for pk, name, _active in rows}
        self.active = {pk for pk, _name, active in rows if active}
        self.reasons = reachability(sorted(self.active), urgency)

    @staticmethod
    def _memberships(team_ids: list[int], own_team: int | None) -> tuple[dict[int, list[int]], list[int]]:
        wanted = {*team_ids} | ({own_team} if own_team else set())
        members: dict[int, list[int]] = {team: [] for team in team_ids}
        managers: list[int] = []
        rows = Membership.objects.filter(team_id__in=wanted, user__is_active=True).order_by("user_id")
        for row in rows:
            if row.team_id in members and row.role in _PAGED_ROLES:
                members[row.team_id].append(row.user_id)
            if row.team_id == own_team and row.role == TeamRole.MANAGER:
                managers.append(row.user_id)
        if not managers:
            admins = User.objects.filter(is_superuser=True, is_active=True).order_by("pk")
            managers = list(admins.values_list("pk", flat=True))
        return members, managers

    def reach(self) -> Reach:
        """The resolution in the planner's terms. The last resort: the team's managers, else the admins."""
        steps = tuple(
            StepReach(tuple(r for target in step.targets for r in self._recipients(target)), "nobody named")
            for step in self.policy.steps
        )
        fallback = StepReach(tuple(self._person(user, None) for user in self.managers), "nobody manages it")
        return Reach(steps, fallback)

    def _recipients(self, target: Target) -> list[Recipient]:
        if target.type == TargetType.USER.value:
            return [self._person(target.id, target)]
        if target.type == TargetType.TEAM.value:
            users = self.members.get(target.id, [])
            return self._several(users, target, "the team has nobody to page")
        schedule = self.schedules.get(target.id)
        if schedule is None:
            return [Recipient(None, target, False, "the schedule was deleted")]
        users = self.on_call.get(target.id, [])
        return self._several(users, target, f"nobody is on call in {schedule.name}")

    def _several(self, users: list[int], target: Target, empty: str) -> list[Recipient]:
        if not users:
            return [Recipient(None, target, False, empty)]
        return [self._person(user, target) for user in users]

    def _person(self, user_id: int, target: Target | None) -> Recipient:
        if user_id not in self.names:
            return Recipient(None, target, False, "the person was deleted")
        if user_id not in self.active:
            return Recipient(user_id, target, False, "is deactivated")
        reason = self.reasons.get(user_id, "")
        return Recipient(user_id, target, not reason, reason)

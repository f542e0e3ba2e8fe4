"""Whom the steps of a policy would page at an instant: targets resolved against the database."""

from __future__ import annotations

import datetime as dt
from copy import copy
from zoneinfo import ZoneInfo

from notifications.models import WebhookSubscription
from notifications.reach import load as load_people
from notifications.reach import reason_unreachable
from oncall import rota
from oncall.choices import LocalHours, Pick, Serving, TargetType
from oncall.duty import Duty, duty
from oncall.escalation import fairness
from oncall.escalation.decision import Reach, Recipient, StepReach
from oncall.escalation.snapshot import PolicySnapshot, Step, Target
from oncall.loading import LoadedSchedule, load, users_at
from oncall.models import Leave, Schedule
from teams.choices import TeamRole
from teams.models import Membership, User

_PAGED_ROLES = (TeamRole.MANAGER, TeamRole.RESPONDER)
# Hours of a person's own day; the night begins in the evening and ends the next morning.
NIGHT_FROM, NIGHT_TO = dt.time(22), dt.time(7)
WORK_FROM, WORK_TO = dt.time(9), dt.time(17)
_SATURDAY = 5
_HOURS_REASON = {
    LocalHours.NIGHT: "only in their night",
    LocalHours.WORK: "only in their working hours",
    LocalHours.AWAKE: "not in their night",
}


class Resolver:
    """Resolves every target of one snapshot in a fixed number of statements.

    `severity` of the subject, None when not set; `round` (from 0) moves what is picked in turn.
    `names` maps user ids to names, for the record. Leave, fairness and who is next are only read for
    policies that ask for them.
    """

    def __init__(
        self,
        policy: PolicySnapshot,
        *,
        team_id: int | None,
        urgency: str,
        at: dt.datetime,
        severity: int | None = None,
        round_number: int = 0,
    ) -> None:
        self.policy, self.urgency, self.severity = policy, urgency, severity
        self.at, self.round, self.team_id = at, round_number, team_id
        self.ahead: dict[int, LoadedSchedule] | None = None
        targets = {target for step in policy.steps for target in step.targets}
        by_type = {kind: [t.id for t in targets if t.type == kind] for kind in TargetType.values}
        self.schedules = {row.pk: row for row in Schedule.objects.filter(pk__in=set(by_type["schedule"]))}
        self.on_call = users_at(list(self.schedules.values()), at) if self.schedules else {}
        self.duty = self._duty(targets)
        self.members, self.managers = self._memberships(by_type["team"], team_id)
        self.webhooks = self._webhooks(by_type["webhook"])
        people = {*by_type["user"], *self.managers, *(step.backup for step in policy.steps if step.backup)}
        people |= {user for users in self.on_call.values() for user in users}
        people |= {user for item in self.duty.values() for user in (*item.next, *item.everyone)}
        people |= {user for users in self.members.values() for user in users}
        self.people = load_people(people, at)
        users = [person.user for person in self.people.values()]
        self.names = {user.pk: user.name for user in users}
        self.active = {user.pk for user in users if user.is_active}
        self.zones = {user.pk: user.time_zone for user in users}
        self.reasons = {pk: reason_unreachable(self.people[pk], urgency) for pk in self.active}
        self.away = self._away(people)
        fair = any(step.pick == Pick.FAIR.value for step in policy.steps)
        self.load = fairness.load(people, at) if fair else {}

    def moved(self, at: dt.datetime) -> Resolver:
        """The same question later, within 400 days; reads anew only what may have changed."""
        if self.ahead is None:
            self.ahead = load(self.schedules.values(), start=self.at, end=self.at + rota.MAX_QUERY)
        on_call = {
            pk: list(rota.users_on_call(item.rotations, item.overrides, item.zone, at))
            for pk, item in self.ahead.items()
        }
        if on_call == self.on_call and not self.duty and not any(step.backup for step in self.policy.steps):
            other = copy(self)
            other.at = at
            return other
        return Resolver(
            self.policy,
            team_id=self.team_id,
            urgency=self.urgency,
            at=at,
            severity=self.severity,
            round_number=self.round,
        )

    def _duty(self, targets: set[Target]) -> dict[int, Duty]:
        """Who is next and who is in the rotations, of the schedules for which a target asks that."""
        asked = {
            target.id
            for target in targets
            if target.type == TargetType.SCHEDULE.value and target.serving != Serving.CURRENT.value
        }
        if self.policy.hold_low and self.policy.steps:
            asked |= {t.id for t in self.policy.steps[0].targets if t.type == TargetType.SCHEDULE.value}
        return duty([row for pk, row in self.schedules.items() if pk in asked], self.at) if asked else {}

    def _away(self, people: set[int]) -> set[int]:
        if not any(step.backup for step in self.policy.steps):
            return set()
        rows = Leave.objects.filter(user_id__in=people, starts_at__lte=self.at, ends_at__gt=self.at)
        return set(rows.values_list("user_id", flat=True))

    @staticmethod
    def _webhooks(ids: list[int]) -> dict[int, bool]:
        if not ids:
            return {}
        return dict(WebhookSubscription.objects.filter(pk__in=ids).values_list("pk", "active"))

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
        steps = tuple(self._step(step) for step in self.policy.steps)
        fallback = StepReach(tuple(self._person(user, None) for user in self.managers), "nobody manages it")
        return Reach(steps, fallback, self._hold_until())

    def people_of(self, index: int, kind: str, target_id: int) -> list[Recipient]:
        """What one target of the step at this place comes to, whatever the step's conditions and pick."""
        step = self.policy.steps[index]
        found = [row for row in step.targets if (row.type, row.id) == (kind, target_id)]
        return [row for target in found for row in self._of_target(step, target)]

    def schedules_of(self, index: int) -> dict[int, int]:
        """User id → the schedule on whose rota the step at this place finds them; named people are absent."""
        found: dict[int, int] = {}
        for row in self._picked(self.policy.steps[index]):
            if row.user_id is not None and row.via is not None and row.via.type == TargetType.SCHEDULE.value:
                found.setdefault(row.user_id, row.via.id)
        return found

    def _hold_until(self) -> dt.datetime | None:
        """When low urgency may wait: the first step names schedules alone, and none of them has anybody."""
        if not self.policy.hold_low or self.urgency != "low" or not self.policy.steps:
            return None
        targets = self.policy.steps[0].targets
        if any(target.type != TargetType.SCHEDULE.value for target in targets):
            return None
        if any(self.on_call.get(target.id) for target in targets):
            return None
        starts = [self.duty[t.id].next_start for t in targets if t.id in self.duty]
        return min((start for start in starts if start is not None), default=None)

    def _step(self, step: Step) -> StepReach:
        if reason := self._condition(step):
            return StepReach((), reason, passed=True)
        found = self._picked(step)
        if step.hours != LocalHours.ANY.value and not any(
            row.user_id is not None or row.webhook_id is not None for row in found
        ):
            everybody = [row for target in step.targets for row in self._of_target(step, target)]
            if any(row.user_id is not None for row in everybody):
                return StepReach((), _HOURS_REASON[LocalHours(step.hours)], passed=True)
        return StepReach(tuple(found), "nobody named")

    def _condition(self, step: Step) -> str:
        """Why the step is not for this subject; "" when it is. A severity not set yet fits every step."""
        if step.urgency and step.urgency != self.urgency:
            return f"only for {step.urgency} urgency"
        if step.severities and self.severity is not None and self.severity not in step.severities:
            return f"only for severity {', '.join(str(rank) for rank in sorted(step.severities))}"
        return ""

    def _picked(self, step: Step) -> list[Recipient]:
        """All recipients whose local hour suits, or of these the one target's (one person, if fairly) whose turn
        it is."""
        if step.pick == Pick.FAIR.value:
            return self._fairest([row for target in step.targets for row in self._suited(step, target)])
        if step.pick == Pick.ROUND_ROBIN.value and step.targets:
            first = (step.turn + self.round) % len(step.targets)
            tried: list[Recipient] = []
            for target in (*step.targets[first:], *step.targets[:first]):
                rows = self._suited(step, target)
                if any(row.reachable for row in rows):
                    return [*tried, *rows]
                tried += rows
            return tried
        return [row for target in step.targets for row in self._suited(step, target)]

    def _suited(self, step: Step, target: Target) -> list[Recipient]:
        """The target's recipients without those at whose local hour the step pages nobody."""
        rows = self._of_target(step, target)
        if step.hours == LocalHours.ANY.value:
            return rows
        return [row for row in rows if row.user_id is None or self._hour_suits(step, row.user_id)]

    def _fairest(self, rows: list[Recipient]) -> list[Recipient]:
        """The one reachable person who was paged least lately; when there is none, all the reasons."""
        people = [row for row in rows if row.reachable and row.user_id is not None]
        if not people:
            return rows
        return [min(people, key=lambda row: fairness.order(self.load, row.user_id or 0))]

    def _hour_suits(self, step: Step, user_id: int) -> bool:
        if user_id not in self.zones:
            return True
        local = self.at.astimezone(ZoneInfo(self.zones[user_id]))
        night = local.time() >= NIGHT_FROM or local.time() < NIGHT_TO
        if step.hours == LocalHours.WORK.value:
            return local.weekday() < _SATURDAY and WORK_FROM <= local.time() < WORK_TO
        return night if step.hours == LocalHours.NIGHT.value else not night

    def _of_target(self, step: Step, target: Target) -> list[Recipient]:
        """The target's people; somebody on leave is replaced by the step's backup, unless that one is away."""
        backup = step.backup
        rows = self._recipients(target)
        if backup is None or backup in self.away:
            return rows
        return [self._person(backup, target) if row.user_id in self.away else row for row in rows]

    def _recipients(self, target: Target) -> list[Recipient]:
        if target.type == TargetType.USER.value:
            return [self._person(target.id, target)]
        if target.type == TargetType.WEBHOOK.value:
            reason = {None: "the webhook was deleted", False: "the webhook is switched off"}
            state = self.webhooks.get(target.id)
            return [Recipient(None, target, bool(state), reason.get(state, ""), webhook_id=target.id)]
        if target.type == TargetType.TEAM.value:
            users = self.members.get(target.id, [])
            return self._several(users, target, "the team has nobody to page")
        schedule = self.schedules.get(target.id)
        if schedule is None:
            return [Recipient(None, target, False, "the schedule was deleted")]
        if target.serving == Serving.NEXT.value:
            users, empty = self.duty[target.id].next, f"nobody is on call next in {schedule.name}"
        elif target.serving == Serving.EVERYONE.value:
            users, empty = self.duty[target.id].everyone, f"nobody is in the rotations of {schedule.name}"
        else:
            users, empty = self.on_call.get(target.id, []), f"nobody is on call in {schedule.name}"
        return self._several(users, target, empty)

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

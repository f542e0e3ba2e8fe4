"""Whether a policy reaches somebody at every hour ahead, and who that may be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from oncall.loading import load
from oncall.models import PolicyTarget, Schedule
from oncall.selectors.paged import paged_members


@dataclass
class Cover:
    """`users`: everybody the policy can page in the window. `holes`: names of its schedules in which nobody serves at
    some time though somebody should. `steps`: of the policy."""

    users: set[int] = field(default_factory=set)
    holes: list[str] = field(default_factory=list)
    steps: set[int] = field(default_factory=set)


def covers(policy_ids: Iterable[int], start: dt.datetime, end: dt.datetime) -> dict[int, Cover]:
    """Policy id → its cover in [start, end): at most five statements."""
    found = {pk: Cover() for pk in policy_ids}
    rows = PolicyTarget.objects.filter(step__policy__in=found).select_related("step", "schedule")
    targets = list(rows.order_by("step__position", "pk"))
    schedules: dict[int, Schedule] = {row.schedule.pk: row.schedule for row in targets if row.schedule}
    served: dict[int, set[int]] = {}
    open_hours: set[int] = set()
    for pk, item in load(schedules.values(), start=start, end=end).items():
        served[pk] = {user for shift in item.shifts(start, end) for user in shift.users}
        if item.empty(start, end).gaps:
            open_hours.add(pk)
    members = paged_members({row.team_id for row in targets if row.team_id})
    for row in targets:
        cover = found[row.step.policy_id]
        cover.steps.add(row.step.position)
        if row.user_id:
            cover.users.add(row.user_id)
        elif row.schedule_id:
            cover.users |= served.get(row.schedule_id, set())
            if row.schedule_id in open_hours and row.schedule and row.schedule.name not in cover.holes:
                cover.holes.append(row.schedule.name)
        elif row.team_id:
            cover.users.update(members.get(row.team_id, []))
    return found

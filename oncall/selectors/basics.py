"""Reads about who is on call, policies and running escalations."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import cast

from django.db.models import Prefetch, QuerySet

from core.queries import one_of
from oncall import rota
from oncall.choices import RunStatus
from oncall.escalation.snapshot import Hours, Pick, PolicySnapshot, Serving, Step, Target, TargetType
from oncall.loading import load, users_at
from oncall.models import (
    EscalationPolicy,
    EscalationRun,
    PolicyStep,
    PolicyTarget,
    RunPage,
    Schedule,
    ShiftRequest,
)
from oncall.selectors.naming import schedules_serving
from teams.actor import Actor
from teams.models import User

_MOMENT = dt.timedelta(minutes=1)


def default_policy_id(team_id: int | None) -> int | None:
    """The team's default policy, None for no team or none set."""
    if team_id is None:
        return None
    rows = EscalationPolicy.objects.filter(team_id=team_id, is_default=True)
    return rows.values_list("pk", flat=True).first()


def policy_snapshot(policy_id: int | None) -> PolicySnapshot:
    """The policy as a run keeps it (two statements); an empty policy when it is gone."""
    policy = EscalationPolicy.objects.filter(pk=policy_id or 0).first()
    if policy is None:
        return PolicySnapshot("No policy", (), 0)
    targets: dict[int, list[Target]] = defaultdict(list)
    for row in PolicyTarget.objects.filter(step__policy=policy).order_by("pk"):
        serving = cast(Serving, row.serving)
        targets[row.step_id].append(Target(cast(TargetType, row.type), row.target_id, serving))
    steps = [
        rung
        for number, step in enumerate(PolicyStep.objects.filter(policy=policy).order_by("position"), 1)
        for rung in _rungs(step, number, tuple(targets[step.pk]))
    ]
    return PolicySnapshot(
        policy.name, tuple(steps), policy.repeat, policy.hold_low, policy.acknowledge_timeout_minutes
    )


def _rungs(row: PolicyStep, number: int, targets: tuple[Target, ...]) -> list[Step]:
    """The step, and its backup as a rung of its own when the backup is paged after a while."""
    step = Step(
        row.delay_minutes,
        targets,
        pick=cast(Pick, row.pick),
        turn=row.turn,
        urgency=row.urgency,
        severities=tuple(row.severities),
        hours=cast(Hours, row.hours),
        backup=row.backup_id,
        number=number,
    )
    wait = row.backup_after_minutes
    if row.backup_id is None or wait is None:
        return [step]
    second = replace(
        step,
        delay_minutes=row.delay_minutes - wait,
        targets=(Target("user", row.backup_id),),
        pick="all",
        turn=0,
        hours="any",
        backup=None,
        is_backup=True,
    )
    return [replace(step, delay_minutes=wait), second]


def policies_for_list(actor: Actor) -> QuerySet[EscalationPolicy]:
    """Visible policies with steps and targets loaded."""
    targets = PolicyTarget.objects.select_related("user", "schedule__team", "team", "webhook").order_by("pk")
    steps = PolicyStep.objects.order_by("position").select_related("backup")
    steps = steps.prefetch_related(Prefetch("targets", queryset=targets))
    return (  # type: ignore[no-any-return]
        EscalationPolicy.objects.visible_to(actor)
        .select_related("team")
        .prefetch_related(Prefetch("steps", queryset=steps))
    )


def on_call_users(schedule_ids: Iterable[int], at: dt.datetime) -> dict[int, list[int]]:
    """Schedule id → ids of active people on call at the instant (three statements)."""
    found = users_at(
        list(Schedule.objects.filter(pk__in=one_of(schedule_ids)).only("timezone", "unstaffed_hours")), at
    )
    everybody = {user for users in found.values() for user in users}
    active = set(User.objects.filter(pk__in=everybody, is_active=True).values_list("pk", flat=True))
    return {pk: [user for user in users if user in active] for pk, users in found.items()}


@dataclass(frozen=True)
class OnCallRow:
    """A schedule with who is on call now, until when, and who is next. `planned`: nobody is, and nobody need be."""

    schedule: Schedule
    users: list[User]
    until: dt.datetime | None
    next_users: list[User]
    next_start: dt.datetime | None
    planned: bool = False

    @property
    def changes_at(self) -> dt.datetime | None:
        """When what the row says is over, None when it says so for good."""
        return self.until or self.next_start


def changes_at(rows: Iterable[OnCallRow]) -> dt.datetime | None:
    """When the first of these rows says something else."""
    return min((row.changes_at for row in rows if row.changes_at), default=None)


def on_call_overview(actor: Actor, at: dt.datetime, *, schedule_id: int | None = None) -> list[OnCallRow]:
    """Every visible schedule (or the one) at an instant: four statements, however many schedules."""
    visible = Schedule.objects.visible_to(actor)
    if schedule_id is not None:
        visible = visible.filter(pk=schedule_id)
    schedules = list(visible.select_related("team").order_by("team__name", "name"))
    loaded = load(schedules, start=at, end=at + rota.MAX_QUERY)
    answers = {
        pk: rota.on_call_at(item.rotations, item.overrides, item.zone, at, back=False)
        for pk, item in loaded.items()
    }
    ids = {
        user
        for answer in answers.values()
        for user in (*answer.users, *(answer.next.users if answer.next else ()))
    }
    people = {user.pk: user for user in User.objects.filter(pk__in=ids, is_active=True)}
    rows = []
    for schedule in schedules:
        answer = answers[schedule.pk]
        following = answer.next
        planned = not answer.users and bool(loaded[schedule.pk].empty(at, at + _MOMENT).planned)
        rows.append(
            OnCallRow(
                schedule=schedule,
                users=[people[pk] for pk in answer.users if pk in people],
                until=answer.until,
                next_users=[people[pk] for pk in following.users if pk in people] if following else [],
                next_start=following.start if following else None,
                planned=planned,
            )
        )
    return rows


def on_call_until(user_id: int, at: dt.datetime) -> dt.datetime | None:
    """Until when the person is on call without a break, over all schedules; None when not on call now.

    Looks 14 days ahead.
    """
    schedules = schedules_serving([user_id])
    if not schedules:
        return None
    ends = [at]
    for item in load(schedules, start=at, end=at + dt.timedelta(days=14)).values():
        rows = rota.final_shifts(item.rotations, item.overrides, item.zone, at, at + dt.timedelta(days=14))
        ends.append(_unbroken(rows, user_id, at))
    latest = max(ends)
    return latest if latest > at else None


def next_shift(user_id: int, at: dt.datetime) -> tuple[Schedule, rota.Shift] | None:
    """The person's next shift that has not begun, within 60 days."""
    best: tuple[Schedule, rota.Shift] | None = None
    schedules = {row.pk: row for row in schedules_serving([user_id])}
    end = at + dt.timedelta(days=60)
    for pk, item in load(schedules.values(), start=at, end=end).items():
        rows = rota.final_shifts(item.rotations, item.overrides, item.zone, at, end)
        mine = [row for row in rows if user_id in row.users and row.start > at]
        if mine and (best is None or mine[0].start < best[1].start):
            best = schedules[pk], mine[0]
    return best


def _unbroken(rows: Sequence[rota.Shift], user_id: int, at: dt.datetime) -> dt.datetime:
    until = at
    for row in rows:
        if row.start > until:
            break
        if user_id not in row.users:
            if row.start <= until < row.end:
                break
            continue
        until = row.end
    return until


def subject_runs(subject_key: str) -> list[EscalationRun]:
    """All escalations of a subject, newest first, with their pages."""
    pages = RunPage.objects.select_related("user").order_by("pk")
    rows = EscalationRun.objects.filter(subject_key=subject_key).select_related("policy")
    return list(rows.prefetch_related(Prefetch("pages", queryset=pages)).order_by("-pk")[:20])


def awaiting_ack(user_id: int) -> list[EscalationRun]:
    """Active escalations that have paged this person, who has not declined since, newest first."""
    rows = EscalationRun.objects.filter(
        status=RunStatus.ACTIVE, pages__user_id=user_id, pages__reached=True, pages__declined_at=None
    )
    return list(rows.distinct().order_by("-pk")[:20])


def needs_answer(actor: Actor, now: dt.datetime) -> int:
    """How many escalations wait for this person to acknowledge, and requests about shifts for their answer: one
    statement, counting up to 20 of each."""
    me = actor.user_id or 0
    runs = EscalationRun.objects.filter(
        status=RunStatus.ACTIVE, pages__user_id=me, pages__reached=True, pages__declined_at=None
    )
    asked = ShiftRequest.objects.waiting_for(actor, now).order_by().values("pk")[:20]
    return len(runs.order_by().values("pk").distinct()[:20].union(asked, all=True))


def is_paging(subject_key: str) -> bool:
    """Whether an escalation of the subject is running."""
    return EscalationRun.objects.filter(subject_key=subject_key, status=RunStatus.ACTIVE).exists()

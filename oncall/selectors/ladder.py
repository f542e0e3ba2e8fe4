"""A policy as a ladder: who now, for how long, then; and what would happen if it fired."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from core import clock
from notifications import reach as ways
from notifications.choices import Urgency
from oncall import rota
from oncall.escalation.decision import StepReach
from oncall.escalation.reach import Resolver
from oncall.loading import load
from oncall.models import EscalationPolicy, PolicyTarget
from oncall.selectors.basics import policies_for_list, policy_snapshot
from teams.actor import Actor
from teams.models import User


@dataclass
class LadderTarget:
    """A target with the people it comes to now. `warning` says what is wrong with it, "" if nothing."""

    target: PolicyTarget
    users: list[User] = field(default_factory=list)
    until: dt.datetime | None = None
    warnings: list[str] = field(default_factory=list)


@dataclass
class Rung:
    """A step; `after` is minutes from the start of a round until it fires when all before it fire."""

    number: int
    delay_minutes: int
    after: int
    targets: list[LadderTarget]


@dataclass(frozen=True)
class Moment:
    """One line of the preview: at this time `user` is reached by `way`, or nothing happens for `reason`."""

    at: dt.datetime
    step: int
    user: User | None
    way: str
    reason: str = ""


@dataclass
class Ladder:
    policy: EscalationPolicy
    rungs: list[Rung]
    moments: list[Moment]
    ends_at: dt.datetime
    fallback: list[User]
    reaches_nobody: bool


def policy_ladder(actor: Actor, policy_id: int, at: dt.datetime) -> Ladder | None:
    """The policy with everything its page shows; None when the actor does not see it. A fixed number of
    statements."""
    policy = policies_for_list(actor).filter(pk=policy_id).first()
    if policy is None:
        return None
    resolver = Resolver(policy_snapshot(policy.pk), team_id=policy.team_id, urgency=Urgency.HIGH, at=at)
    people = ways.load(resolver.names, clock.now())
    users = {pk: person.user for pk, person in people.items()}
    until = _until(policy, at)
    rungs, after = [], 0
    for step, reached in zip(policy.steps.all(), resolver.reach().steps, strict=True):
        targets = [_target(row, reached, users, until) for row in step.targets.all()]
        rungs.append(Rung(step.position + 1, step.delay_minutes, after, targets))
        after += step.delay_minutes
    moments, ends_at, nobody = _moments(policy, resolver, people, at)
    fallback = [users[pk] for pk in resolver.managers if pk in users]
    return Ladder(policy, rungs, moments, ends_at, fallback, nobody)


def policy_preview(policy: EscalationPolicy, at: dt.datetime) -> list[Moment]:
    """What would happen minute by minute if the policy fired at `at` and nobody answered: its first round."""
    resolver = Resolver(policy_snapshot(policy.pk), team_id=policy.team_id, urgency=Urgency.HIGH, at=at)
    return _moments(policy, resolver, ways.load(resolver.names, clock.now()), at)[0]


def _moments(
    policy: EscalationPolicy, resolver: Resolver, people: dict[int, ways.Person], at: dt.datetime
) -> tuple[list[Moment], dt.datetime, bool]:
    """(first round, when it ends, whether no step reaches anybody): the planner's rules."""
    found: list[Moment] = []
    now, anybody = at, False
    answer = resolver.reach()
    for number, (step, reached) in enumerate(zip(resolver.policy.steps, answer.steps, strict=True), 1):
        lines = _pages(number, reached, people, now)
        if lines:
            anybody = True
            found += lines
            now += dt.timedelta(minutes=step.delay_minutes)
        else:
            reasons = [row.reason for row in reached.recipients] or [reached.reason]
            found.append(Moment(now, number, None, "", "; ".join(dict.fromkeys(filter(None, reasons)))))
    if not anybody:
        found += _pages(0, answer.fallback, people, now)
    return sorted(found, key=lambda line: line.at), now, not anybody


def _pages(number: int, reached: StepReach, people: dict[int, ways.Person], now: dt.datetime) -> list[Moment]:
    lines = []
    for user_id in dict.fromkeys(row.user_id for row in reached.recipients if row.reachable):
        person = people.get(user_id or 0)
        if person is None:
            continue
        by_delay: dict[int, list[str]] = {}
        for step in ways.steps_of(person, Urgency.HIGH):
            way = step.method.label or step.method.get_channel_display()
            by_delay.setdefault(step.delay_minutes, []).append(str(way))
        for delay, names in by_delay.items():
            when = now + dt.timedelta(minutes=delay)
            lines.append(Moment(when, number, person.user, ", ".join(names)))
    return lines


def _target(
    row: PolicyTarget, reached: StepReach, users: dict[int, User], until: dict[int, dt.datetime | None]
) -> LadderTarget:
    shown = LadderTarget(row, until=until.get(row.schedule_id or 0))
    for recipient in reached.recipients:
        via = recipient.via
        if via is None or (via.type, via.id) != (row.type, row.target_id):
            continue
        user = users.get(recipient.user_id or 0)
        if user is not None:
            shown.users.append(user)
        if not recipient.reachable:
            shown.warnings.append(f"{user.name} {recipient.reason}" if user else recipient.reason)
    return shown


def _until(policy: EscalationPolicy, at: dt.datetime) -> dict[int, dt.datetime | None]:
    schedules = {
        target.schedule_id: target.schedule
        for step in policy.steps.all()
        for target in step.targets.all()
        if target.schedule is not None
    }
    loaded = load(schedules.values(), start=at - rota.MAX_QUERY, end=at + rota.MAX_QUERY) if schedules else {}
    return {
        pk: rota.on_call_at(item.rotations, item.overrides, item.zone, at).until
        for pk, item in loaded.items()
    }

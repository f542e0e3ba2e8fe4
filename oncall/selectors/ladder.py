"""A policy as a ladder: who now, for how long, then; and what would happen if it fired."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _

from core import clock
from notifications import reach as ways
from notifications.choices import Urgency
from oncall import rota
from oncall.choices import LocalHours, Pick, Serving
from oncall.escalation import planner
from oncall.escalation.decision import Continue, Fallback, Fire, Hold, Recipient, Skip
from oncall.escalation.reach import Resolver
from oncall.escalation.snapshot import PolicySnapshot
from oncall.loading import load
from oncall.models import EscalationPolicy, PolicyStep, PolicyTarget
from oncall.selectors.basics import policies_for_list, policy_snapshot
from teams.actor import Actor
from teams.models import Team, User


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
    step: PolicyStep
    after: int
    targets: list[LadderTarget]

    @property
    def conditions(self) -> list[str]:
        """When and whom the step pages, as far as that is not "always" and "all", in words."""
        step = self.step
        found = []
        if step.pick != Pick.ALL:
            found.append(str(step.get_pick_display()))
        if step.urgency:
            found.append(_("Only %(urgency)s urgency") % {"urgency": step.get_urgency_display().lower()})
        if step.severities:
            ranks = ", ".join(str(rank) for rank in step.severities)
            found.append(_("Only severity %(ranks)s") % {"ranks": ranks})
        if step.hours != LocalHours.ANY:
            found.append(str(step.get_hours_display()))
        return found


@dataclass(frozen=True)
class Moment:
    """One line of the preview: at this time `user` is reached by `way`, or nothing happens for `reason`.

    `step` is the number people know, 0 for the last resort. `passed`: the step is for other cases.
    """

    at: dt.datetime
    step: int
    user: User | None
    way: str
    reason: str = ""
    passed: bool = False


@dataclass(frozen=True)
class Case:
    """What a preview is about: an urgency, and a severity (None: not set)."""

    urgency: str = Urgency.HIGH.value
    severity: int | None = None


@dataclass
class Ladder:
    policy: EscalationPolicy
    rungs: list[Rung]
    moments: list[Moment]
    ends_at: dt.datetime
    fallback: list[User]
    reaches_nobody: bool

    @property
    def teams(self) -> list[Team]:
        """Whose schedules decide what the page shows, the policy's own team first."""
        targets = [row.target for rung in self.rungs for row in rung.targets]
        return [self.policy.team, *(row.schedule.team for row in targets if row.schedule)]

    @property
    def changes_at(self) -> dt.datetime | None:
        """When the first of the named people's shifts ends, None when that is not known."""
        ends = (row.until for rung in self.rungs for row in rung.targets)
        return min((end for end in ends if end), default=None)


def policy_ladder(
    actor: Actor, policy_id: int, at: dt.datetime, asked: dt.datetime | None = None, case: Case = Case()
) -> Ladder | None:
    """The policy with everything its page shows at `at`, and the preview for `asked` (default `at`).

    None when the actor does not see it. The number of statements grows with the steps alone.
    """
    policy = policies_for_list(actor).filter(pk=policy_id).first()
    if policy is None:
        return None
    resolver = Resolver(policy_snapshot(policy.pk), team_id=policy.team_id, urgency=Urgency.HIGH, at=at)
    people = ways.load(resolver.names, clock.now())
    users = {pk: person.user for pk, person in people.items()}
    until = _until(policy, at)
    first_rungs = [index for index, step in enumerate(resolver.policy.steps) if not step.is_backup]
    rungs, after = [], 0
    for step, index in zip(policy.steps.all(), first_rungs, strict=True):
        found = [(row, resolver.people_of(index, row.type, row.target_id)) for row in step.targets.all()]
        targets = [_target(row, rows, users, until) for row, rows in found]
        rungs.append(Rung(step.position + 1, step, after, targets))
        after += step.delay_minutes
    moments, ends_at, nobody = _moments(policy, asked or at, case)
    fallback = [users[pk] for pk in resolver.managers if pk in users]
    return Ladder(policy, rungs, moments, ends_at, fallback, nobody)


def policy_preview(policy: EscalationPolicy, at: dt.datetime, case: Case = Case()) -> list[Moment]:
    """What would happen minute by minute if the policy fired at `at` and nobody answered: its first round."""
    return _moments(policy, at, case)[0]


def _moments(policy: EscalationPolicy, at: dt.datetime, case: Case) -> tuple[list[Moment], dt.datetime, bool]:
    """(first round, when it ends, whether no step reaches anybody): the planner's own decisions."""
    snapshot = replace(policy_snapshot(policy.pk), repeat=0)
    resolver = Resolver(snapshot, team_id=policy.team_id, urgency=case.urgency, at=at, severity=case.severity)
    people: dict[int, ways.Person] = {}
    found: list[Moment] = []
    state, now, anybody = planner.first_state(at), at, False
    for _guard in range(2 * len(snapshot.steps) + 4):
        people |= ways.load(set(resolver.names) - set(people), clock.now())
        decision = planner.plan(snapshot, state, now, resolver.reach())
        for entry in decision.entries:
            anybody = anybody or isinstance(entry, Fire)
            found += _lines(snapshot, entry, now, people, resolver, case)
        if not isinstance(decision.outcome, Continue):
            break
        held = [entry.until for entry in decision.entries if isinstance(entry, Hold)]
        state = decision.outcome.state
        now = held[0] if held else state.next_at
        resolver = resolver.moved(now)
    return sorted(found, key=lambda line: line.at), now, not anybody


def _lines(
    snapshot: PolicySnapshot,
    entry: planner.Entry,
    now: dt.datetime,
    people: dict[int, ways.Person],
    resolver: Resolver,
    case: Case,
) -> list[Moment]:
    if isinstance(entry, Hold):
        return [Moment(now, 1, None, "", _("nobody is on duty, it waits for the next shift"), passed=True)]
    number = 0 if isinstance(entry, Fallback) else snapshot.number_of(entry.step)
    if isinstance(entry, Skip):
        return [Moment(now, number, None, "", _reason(entry, resolver), passed=entry.passed)]
    lines = [line for user in entry.user_ids for line in _pages(number, people.get(user), now, case.urgency)]
    if isinstance(entry, Fire) and entry.webhook_ids:
        lines.append(Moment(now, number, None, _("webhook")))
    return lines


def _reason(entry: Skip, resolver: Resolver) -> str:
    named = [
        f"{resolver.names[user]} {reason}" if user in resolver.names else reason
        for user, reason in entry.unreachable
    ]
    return "; ".join(dict.fromkeys(named)) or entry.reason


def _pages(number: int, person: ways.Person | None, now: dt.datetime, urgency: str) -> list[Moment]:
    if person is None:
        return []
    by_delay: dict[int, list[str]] = {}
    for step in ways.steps_of(person, urgency):
        way = step.method.label or step.method.get_channel_display()
        by_delay.setdefault(step.delay_minutes, []).append(str(way))
    return [
        Moment(now + dt.timedelta(minutes=delay), number, person.user, ", ".join(names))
        for delay, names in by_delay.items()
    ]


def _target(
    row: PolicyTarget,
    recipients: list[Recipient],
    users: dict[int, User],
    until: dict[int, dt.datetime | None],
) -> LadderTarget:
    current = row.serving == Serving.CURRENT
    shown = LadderTarget(row, until=until.get(row.schedule_id or 0) if current else None)
    for recipient in recipients:
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
    loaded = load(schedules.values(), start=at, end=at + rota.MAX_QUERY) if schedules else {}
    return {
        pk: rota.on_call_at(item.rotations, item.overrides, item.zone, at, back=False).until
        for pk, item in loaded.items()
    }

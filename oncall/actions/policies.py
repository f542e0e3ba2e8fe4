"""Changing escalation policies. Runs keep the snapshot they started with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from django.db import transaction

from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.events import publish
from core.text import one_line
from notifications.choices import Urgency
from notifications.models import WebhookSubscription
from oncall.choices import LocalHours, Pick, Serving, TargetType
from oncall.escalation.snapshot import MAX_DELAY_MINUTES, MAX_SEVERITY
from oncall.events import OnCallChanged
from oncall.models import EscalationPolicy, PolicyStep, PolicyTarget, Schedule
from oncall.permissions import may_manage
from teams.actions.audit import record
from teams.actor import Actor, system_actor
from teams.models import Team, User

DEFAULT_NAME = "Page the whole team"
MAX_STEPS = 20
MAX_TARGETS = 20
MAX_REPEAT = 20


class Unchanged(Enum):
    """Says "leave it", where None is a value."""

    KEEP = "unchanged"


UNCHANGED = Unchanged.KEEP


@dataclass(frozen=True)
class TargetInput:
    """Whom a step pages: `type` user, schedule, team or webhook, and its id.

    `serving`: whom of a schedule: current, next or everyone.
    """

    type: str
    id: int
    serving: str = Serving.CURRENT.value


@dataclass(frozen=True)
class StepInput:
    """`delay_minutes`: wait before the next step, 0 to 10080. `pick`: all targets or one of them.

    `urgency` "" and no `severities`: always. `hours`: of each person's own day. `backup`: id of the person
    paged for somebody on leave, and `backup_after_minutes` after the step when nobody answered.
    """

    delay_minutes: int
    targets: Sequence[TargetInput] = field(default_factory=tuple)
    pick: str = Pick.ALL.value
    urgency: str = ""
    severities: Sequence[int] = ()
    hours: str = LocalHours.ANY.value
    backup: int | None = None
    backup_after_minutes: int | None = None


def create_policy(
    *,
    actor: Actor,
    team_id: int,
    name: str,
    steps: Sequence[StepInput],
    repeat: int = 0,
    is_default: bool = False,
    hold_low: bool = False,
    acknowledge_timeout_minutes: int | None = None,
) -> EscalationPolicy:
    """A new policy of a team; the team's first becomes its default. Managers and admins; audited.

    `hold_low`: low urgency waits for the next shift while nobody is on duty. `acknowledge_timeout_minutes`
    (1 to 10080 or None): page again when still open so long after an acknowledge.
    """
    if not Team.objects.visible_to(actor).filter(pk=team_id).exists():
        raise field_error("team", "There is no such team.")
    _require_manager(actor, team_id)
    with transaction.atomic():
        Team.objects.select_for_update(no_key=True).get(pk=team_id)
        name = _checked_name(team_id, name, None)
        _check(actor, steps, repeat)
        _check_timeout(acknowledge_timeout_minutes)
        first = not EscalationPolicy.objects.filter(team_id=team_id, is_default=True).exists()
        if is_default and not first:
            EscalationPolicy.objects.filter(team_id=team_id, is_default=True).update(is_default=False)
        policy = EscalationPolicy.objects.create(
            team_id=team_id,
            name=name,
            repeat=repeat,
            is_default=is_default or first,
            hold_low=hold_low,
            acknowledge_timeout_minutes=acknowledge_timeout_minutes,
        )
        _write_steps(policy, steps)
        _audit(actor, "created", policy)
    return policy


def update_policy(
    *,
    actor: Actor,
    policy_id: int,
    name: str | None = None,
    steps: Sequence[StepInput] | None = None,
    repeat: int | None = None,
    is_default: bool | None = None,
    hold_low: bool | None = None,
    acknowledge_timeout_minutes: int | Unchanged | None = UNCHANGED,
) -> EscalationPolicy:
    """Change what is given. Escalations already running are not touched. Audited."""
    with transaction.atomic():
        policy = _locked(actor, policy_id)
        if name is not None:
            policy.name = _checked_name(policy.team_id, name, policy.pk)
        _check(actor, steps or (), policy.repeat if repeat is None else repeat)
        if repeat is not None:
            policy.repeat = repeat
        if hold_low is not None:
            policy.hold_low = hold_low
        if not isinstance(acknowledge_timeout_minutes, Unchanged):
            _check_timeout(acknowledge_timeout_minutes)
            policy.acknowledge_timeout_minutes = acknowledge_timeout_minutes
        if is_default:
            others = EscalationPolicy.objects.filter(team_id=policy.team_id, is_default=True)
            others.exclude(pk=policy.pk).update(is_default=False)
            policy.is_default = True
        policy.save()
        if steps is not None:
            policy.steps.all().delete()
            _write_steps(policy, steps)
        _audit(actor, "changed", policy)
    return policy


def delete_policy(*, actor: Actor, policy_id: int) -> None:
    """Refused for the team's default and while a service names it."""
    with transaction.atomic():
        policy = _locked(actor, policy_id)
        if policy.is_default:
            raise Conflict("This is the team's default; make another one default first.", code="is_default")
        if policy.services.exists():  # type: ignore[attr-defined]
            raise Conflict("A service names this policy.", code="in_use")
        _audit(actor, "deleted", policy)
        policy.delete()


def ensure_default(*, team_id: int, now: dt.datetime) -> EscalationPolicy | None:
    """Give a team without any policy one that pages the whole team, three times, five minutes apart.

    Returns it, or None when the team has a default (or is gone).
    """
    with transaction.atomic():
        team = Team.objects.select_for_update(no_key=True).filter(pk=team_id).first()
        if team is None or team.policies.filter(is_default=True).exists():  # type: ignore[attr-defined]
            return None
        taken = team.policies.filter(name=DEFAULT_NAME).exists()  # type: ignore[attr-defined]
        policy = EscalationPolicy.objects.create(
            team=team,
            name=f"{DEFAULT_NAME} (default)" if taken else DEFAULT_NAME,
            repeat=2,
            is_default=True,
            created_at=now,
        )
        _write_steps(policy, [StepInput(5, [TargetInput(TargetType.TEAM, team.pk)])])
        _audit(system_actor(), "created", policy)
    return policy


def _locked(actor: Actor, policy_id: int) -> EscalationPolicy:
    rows = EscalationPolicy.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    policy: EscalationPolicy | None = rows.filter(pk=policy_id).first()
    if policy is None:
        raise NotVisible
    _require_manager(actor, policy.team_id)
    return policy


def _require_manager(actor: Actor, team_id: int) -> None:
    if not may_manage(actor, team_id):
        raise NotAllowed("Only a manager of the team can change its policies.")


def _checked_name(team_id: int, name: str, own: int | None) -> str:
    name = one_line(name, 120)
    if not name:
        raise field_error("name", "A policy needs a name of at most 120 characters.")
    if EscalationPolicy.objects.filter(team_id=team_id, name=name).exclude(pk=own).exists():
        raise field_error("name", "The team has a policy of this name.")
    return name


def _check(actor: Actor, steps: Sequence[StepInput], repeat: int) -> None:
    if not 0 <= repeat <= MAX_REPEAT:
        raise field_error("repeat", f"From 0 to {MAX_REPEAT}.")
    if len(steps) > MAX_STEPS:
        raise field_error("steps", f"At most {MAX_STEPS} steps.")
    for index, step in enumerate(steps):
        if not 0 <= step.delay_minutes <= MAX_DELAY_MINUTES:
            raise field_error(f"steps.{index}.delay_minutes", f"From 0 to {MAX_DELAY_MINUTES} minutes.")
        if not 1 <= len(step.targets) <= MAX_TARGETS:
            raise field_error(f"steps.{index}.targets", f"From 1 to {MAX_TARGETS} targets.")
        _check_conditions(f"steps.{index}", step)
    _check_targets(actor, steps)


def _check_timeout(minutes: int | None) -> None:
    if minutes is not None and not 1 <= minutes <= MAX_DELAY_MINUTES:
        raise field_error("acknowledge_timeout_minutes", f"From 1 to {MAX_DELAY_MINUTES} minutes.")


def _check_conditions(path: str, step: StepInput) -> None:
    if step.pick not in Pick.values:
        raise field_error(f"{path}.pick", f"One of {', '.join(Pick.values)}.")
    if step.urgency and step.urgency not in Urgency.values:
        raise field_error(f"{path}.urgency", f"Empty or one of {', '.join(Urgency.values)}.")
    if any(rank not in range(MAX_SEVERITY + 1) for rank in step.severities):
        raise field_error(f"{path}.severities", f"Whole numbers from 0 to {MAX_SEVERITY}.")
    if step.hours not in LocalHours.values:
        raise field_error(f"{path}.hours", f"One of {', '.join(LocalHours.values)}.")
    wait = step.backup_after_minutes
    if wait is not None and step.backup is None:
        raise field_error(f"{path}.backup", "Say who the backup is.")
    if wait is not None and not 1 <= wait < step.delay_minutes:
        raise field_error(f"{path}.backup_after_minutes", "At least 1 and less than the wait of the step.")


def _check_targets(actor: Actor, steps: Sequence[StepInput]) -> None:
    """Every target must exist and be one the actor may see: five statements at most."""
    known = {
        TargetType.USER: User.objects.filter(is_active=True),
        TargetType.SCHEDULE: Schedule.objects.visible_to(actor),
        TargetType.TEAM: Team.objects.visible_to(actor),
        TargetType.WEBHOOK: WebhookSubscription.objects.visible_to(actor),
    }
    for kind, rows in known.items():
        wanted = {target.id for step in steps for target in step.targets if target.type == kind}
        missing = wanted - set(rows.filter(pk__in=wanted).values_list("pk", flat=True)) if wanted else set()
        for index, step in enumerate(steps):
            if any(target.type == kind and target.id in missing for target in step.targets):
                raise field_error(f"steps.{index}.targets", f"There is no such {kind}.")
    for index, step in enumerate(steps):
        if any(target.type not in TargetType.values for target in step.targets):
            raise field_error(f"steps.{index}.targets", "A target is a user, schedule, team or webhook.")
        if any(target.serving not in Serving.values for target in step.targets):
            raise field_error(f"steps.{index}.targets", f"serving is one of {', '.join(Serving.values)}.")
    backups = {step.backup for step in steps if step.backup is not None}
    active = (
        User.objects.filter(pk__in=backups, is_active=True).values_list("pk", flat=True) if backups else ()
    )
    for index, step in enumerate(steps):
        if step.backup is not None and step.backup not in set(active):
            raise field_error(f"steps.{index}.backup", "There is no such person.")


def _write_steps(policy: EscalationPolicy, steps: Sequence[StepInput]) -> None:
    rows = PolicyStep.objects.bulk_create(
        PolicyStep(
            policy=policy,
            position=index,
            delay_minutes=step.delay_minutes,
            pick=step.pick,
            urgency=step.urgency,
            severities=sorted(set(step.severities)),
            hours=step.hours,
            backup_id=step.backup,
            backup_after_minutes=step.backup_after_minutes,
        )
        for index, step in enumerate(steps)
    )
    PolicyTarget.objects.bulk_create(
        PolicyTarget(step=row, type=target.type, serving=target.serving, **{f"{target.type}_id": target.id})
        for row, step in zip(rows, steps, strict=True)
        for target in step.targets
    )


def _audit(actor: Actor, verb: str, policy: EscalationPolicy) -> None:
    record(
        actor=actor,
        verb=verb,
        obj_type="policy",
        obj_id=policy.pk,
        label=policy.name,
        team_id=policy.team_id,
    )
    publish(OnCallChanged(team_id=policy.team_id, schedule_id=None, what=f"policy {verb}"))

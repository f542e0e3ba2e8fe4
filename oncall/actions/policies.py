"""Changing escalation policies. Runs keep the snapshot they started with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction

from core.errors import Conflict, NotAllowed, NotVisible, field_error
from core.text import one_line
from oncall.choices import TargetType
from oncall.escalation.snapshot import MAX_DELAY_MINUTES
from oncall.models import EscalationPolicy, PolicyStep, PolicyTarget, Schedule
from oncall.permissions import may_manage
from teams.actions.audit import record
from teams.actor import Actor, system_actor
from teams.models import Team, User

DEFAULT_NAME = "Page the whole team"
MAX_STEPS = 20
MAX_TARGETS = 20
MAX_REPEAT = 20


@dataclass(frozen=True)
class TargetInput:
    """Whom a step pages: `type` user, schedule or team, and its id."""

    type: str
    id: int


@dataclass(frozen=True)
class StepInput:
    """`delay_minutes`: wait before the next step, 0 to 10080."""

    delay_minutes: int
    targets: Sequence[TargetInput] = field(default_factory=tuple)


def create_policy(
    *,
    actor: Actor,
    team_id: int,
    name: str,
    steps: Sequence[StepInput],
    repeat: int = 0,
    is_default: bool = False,
) -> EscalationPolicy:
    """A new policy of a team; the team's first becomes its default. Managers and admins; audited."""
    if not Team.objects.visible_to(actor).filter(pk=team_id).exists():
        raise field_error("team", "There is no such team.")
    _require_manager(actor, team_id)
    with transaction.atomic():
        Team.objects.select_for_update(no_key=True).get(pk=team_id)
        name = _checked_name(team_id, name, None)
        _check(actor, steps, repeat)
        first = not EscalationPolicy.objects.filter(team_id=team_id, is_default=True).exists()
        if is_default and not first:
            EscalationPolicy.objects.filter(team_id=team_id, is_default=True).update(is_default=False)
        policy = EscalationPolicy.objects.create(
            team_id=team_id, name=name, repeat=repeat, is_default=is_default or first
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
) -> EscalationPolicy:
    """Change what is given. Escalations already running are not touched. Audited."""
    with transaction.atomic():
        policy = _locked(actor, policy_id)
        if name is not None:
            policy.name = _checked_name(policy.team_id, name, policy.pk)
        _check(actor, steps or (), policy.repeat if repeat is None else repeat)
        if repeat is not None:
            policy.repeat = repeat
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
    _check_targets(actor, steps)


def _check_targets(actor: Actor, steps: Sequence[StepInput]) -> None:
    """Every target must exist and be one the actor may see: three statements at most."""
    known = {
        TargetType.USER: User.objects.filter(is_active=True),
        TargetType.SCHEDULE: Schedule.objects.visible_to(actor),
        TargetType.TEAM: Team.objects.visible_to(actor),
    }
    for kind, rows in known.items():
        wanted = {target.id for step in steps for target in step.targets if target.type == kind}
        missing = wanted - set(rows.filter(pk__in=wanted).values_list("pk", flat=True)) if wanted else set()
        for index, step in enumerate(steps):
            if any(target.type == kind and target.id in missing for target in step.targets):
                raise field_error(f"steps.{index}.targets", f"There is no such {kind}.")
    for index, step in enumerate(steps):
        if any(target.type not in TargetType.values for target in step.targets):
            raise field_error(f"steps.{index}.targets", "A target is a user, a schedule or a team.")


def _write_steps(policy: EscalationPolicy, steps: Sequence[StepInput]) -> None:
    rows = PolicyStep.objects.bulk_create(
        PolicyStep(policy=policy, position=index, delay_minutes=step.delay_minutes)
        for index, step in enumerate(steps)
    )
    PolicyTarget.objects.bulk_create(
        PolicyTarget(step=row, type=target.type, **{f"{target.type}_id": target.id})
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

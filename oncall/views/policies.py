"""Escalation policies: the ladder, and the form whose steps are rows."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core import clock
from core.errors import DomainError, NotAllowed, NotVisible
from core.pages import actor_of
from notifications.choices import Urgency
from oncall import selectors
from oncall.actions import policies
from oncall.actions.policies import StepInput, TargetInput
from oncall.live import topics_of
from oncall.models import EscalationPolicy
from oncall.permissions import may_manage
from oncall.policy_forms import (
    DryRunForm,
    PolicyForm,
    step_choices,
    steps_of,
    target_choices,
    target_value,
)
from oncall.rows import grouped, row_errors
from teams.views.base import attach

_TYPED = ("team", "name", "repeat", "acknowledge_timeout_minutes")
_TICKED = ("is_default", "hold_low")


@login_required
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The ladder, and what would happen if it fired: now, or at any instant, urgency and severity asked for."""
    actor = actor_of(request)
    now = clock.now()
    form = DryRunForm(request.GET or None, initial={"urgency": Urgency.HIGH})
    asked, case = now, selectors.Case()
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        asked = data["at"] or now
        case = selectors.Case(data["urgency"] or Urgency.HIGH.value, data["severity"])
    ladder = selectors.policy_ladder(actor, pk, now, asked, case)
    if ladder is None:
        raise NotVisible
    context = {
        "ladder": ladder,
        "policy": ladder.policy,
        "may_manage": may_manage(actor, ladder.policy.team_id),
        "form": form,
        "asked": asked if asked != now else None,
        "live_topics": topics_of(ladder.teams),
        "live_until": ladder.changes_at,
    }
    return render(request, "oncall/pages/policy.html", context)


@login_required
def edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Create a policy, or change one. Running escalations keep what they started with."""
    actor = actor_of(request)
    policy = _manageable(request, pk) if pk is not None else None
    posted = request.method == "POST"
    saving = posted and not request.POST.get("op")
    steps = steps_of(request.POST) if posted else _stored_steps(policy)
    initial: dict[str, Any] = {}
    if policy is not None:
        initial = {name: getattr(policy, name) for name in (*_TYPED[1:], *_TICKED)}
    if posted and not saving:
        initial |= {name: request.POST.get(name, "") for name in _TYPED}
        initial |= {name: bool(request.POST.get(name)) for name in _TICKED}
    form = PolicyForm(request.POST if saving else None, initial=initial, actor=actor, policy=policy)
    errors: dict[str, list[str]] = {}
    if saving and form.is_valid():
        try:
            policy = _save(actor, policy, form.cleaned_data, steps)
        except NotVisible:
            raise
        except DomainError as error:
            errors, others = grouped(error, ["steps"])
            if others:
                attach(form, error)
        else:
            messages.success(
                request, _("Saved. Escalations that are running keep the steps they began with.")
            )
            return redirect("oncall:policy", pk=policy.pk)
    context = {
        "form": form,
        "policy": policy,
        "steps": [
            (
                step,
                [target_value(target) for target in step.targets],
                row_errors(errors, "steps", number),
            )
            for number, step in enumerate(steps)
        ],
        "step_errors": errors.get("steps", []),
        "choices": target_choices(actor),
        **step_choices(),
    }
    status = 422 if form.errors or errors else 200
    return render(request, "oncall/pages/policy_form.html", context, status=status)


@login_required
@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    policy = _manageable(request, pk)
    policies.delete_policy(actor=actor_of(request), policy_id=pk)
    messages.success(request, _("%(name)s was deleted.") % {"name": policy.name})
    return redirect("oncall:overview")


def _manageable(request: HttpRequest, pk: int) -> EscalationPolicy:
    actor = actor_of(request)
    policy = selectors.policies_for_list(actor).filter(pk=pk).first()
    if policy is None:
        raise NotVisible
    if not may_manage(actor, policy.team_id):
        raise NotAllowed("Only a manager of the team can change its policies.")
    return policy


def _stored_steps(policy: EscalationPolicy | None) -> list[StepInput]:
    if policy is None:
        return [StepInput(5, [])]
    return [
        StepInput(
            step.delay_minutes,
            [TargetInput(row.type, row.target_id, row.serving) for row in step.targets.all()],
            pick=step.pick,
            urgency=step.urgency,
            severities=step.severities,
            hours=step.hours,
            backup=step.backup_id,
            backup_after_minutes=step.backup_after_minutes,
        )
        for step in policy.steps.all()
    ]


def _save(
    actor: Any, policy: EscalationPolicy | None, data: dict[str, Any], steps: list[StepInput]
) -> EscalationPolicy:
    values = {name: data[name] for name in (*_TYPED[1:], *_TICKED)} | {"steps": steps}
    if policy is None:
        return policies.create_policy(actor=actor, team_id=data["team"].pk, **values)
    return policies.update_policy(actor=actor, policy_id=policy.pk, **values)

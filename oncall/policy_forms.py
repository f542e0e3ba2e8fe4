"""The form of an escalation policy, whose steps are rows that work without script."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from core.forms import offer
from notifications.choices import Urgency
from notifications.models import WebhookSubscription
from oncall.actions.policies import StepInput, TargetInput
from oncall.choices import LocalHours, Pick, Serving, TargetType
from oncall.forms import people
from oncall.models import EscalationPolicy, Schedule
from oncall.rows import numbers, operation, rearranged, whole
from teams.actor import Actor
from teams.models import Team

_NOT_A_NUMBER = -1


class PolicyForm(forms.Form):
    """A policy but for its steps, which are rows (see `steps_of`)."""

    team = forms.ModelChoiceField(Team.objects.none(), label=_("Team"))
    name = forms.CharField(label=_("Name"), max_length=120)
    repeat = forms.IntegerField(
        label=_("Further rounds"),
        min_value=0,
        max_value=20,
        initial=1,
        help_text=_("How often the steps start again when nobody has answered."),
    )
    acknowledge_timeout_minutes = forms.IntegerField(
        label=_("Acknowledge expires after (minutes)"),
        min_value=1,
        max_value=10080,
        required=False,
        help_text=_("Pages again when it is still open then. Empty: never."),
    )
    hold_low = forms.BooleanField(
        label=_("Hold low urgency while nobody is on duty"),
        required=False,
        help_text=_("It waits until the next shift of the first step's schedules begins."),
    )
    is_default = forms.BooleanField(
        label=_("Default of the team"),
        required=False,
        help_text=_("Used by services of the team that name no policy of their own."),
    )

    def __init__(
        self, *args: Any, actor: Actor, policy: EscalationPolicy | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if policy is not None:
            del self.fields["team"]
            self.fields["is_default"].disabled = policy.is_default
        else:
            offer(self, team=Team.objects.manageable_by(actor))


class DryRunForm(forms.Form):
    """What the "if it fired" preview is asked about; everything may be left out. The time is read apart."""

    urgency = forms.ChoiceField(label=_("Urgency"), choices=Urgency.choices, required=False)
    severity = forms.TypedChoiceField(
        label=_("Severity"),
        choices=[("", _("Not set")), *((str(rank), str(rank)) for rank in range(5))],
        coerce=int,
        empty_value=None,
        required=False,
    )
    at = forms.DateTimeField(
        label=_("At"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


def steps_of(data: Any) -> list[StepInput]:
    """Steps as typed, after the pressed add, remove or up button. What is no number becomes -1."""
    steps = [_step(data, number) for number in numbers(data, "step")]
    word, position = operation(data)
    if word == "add":
        return [*steps, StepInput(5, [])]
    return rearranged(steps, word, position)


def _step(data: Any, number: int) -> StepInput:
    named = [_target(text) for text in data.getlist(f"target-{number}")[:100]]
    ranks = [whole(text) for text in data.getlist(f"severity-{number}")[:10]]
    return StepInput(
        _number(data.get(f"delay-{number}", ""), _NOT_A_NUMBER) or 0,
        list(dict.fromkeys(target for target in named if target is not None)),
        pick=data.get(f"pick-{number}", "") or Pick.ALL.value,
        urgency=data.get(f"urgency-{number}", ""),
        severities=[_NOT_A_NUMBER if rank is None else rank for rank in ranks],
        hours=data.get(f"hours-{number}", "") or LocalHours.ANY.value,
        backup=_number(data.get(f"backup-{number}", "")),
        backup_after_minutes=_number(data.get(f"backup-after-{number}", "")),
    )


def _number(text: str, empty: int | None = None) -> int | None:
    """A whole number as typed; `empty` for nothing, -1 for anything else."""
    if not text.strip():
        return empty
    found = whole(text)
    return _NOT_A_NUMBER if found is None else found


def _target(text: str) -> TargetInput | None:
    kind, _colon, rest = text.partition(":")
    number, _colon, serving = rest.partition(":")
    pk = whole(number)
    if kind not in TargetType.values or pk is None:
        return None
    return TargetInput(kind, pk, serving or Serving.CURRENT.value)


def target_value(target: TargetInput) -> str:
    """The option of `target_choices` that stands for this target."""
    value = f"{target.type}:{target.id}"
    return value if target.serving == Serving.CURRENT.value else f"{value}:{target.serving}"


def target_choices(actor: Actor) -> list[tuple[Any, list[tuple[str, str]]]]:
    """(group label, [(value, label)]) of everything a step can page; four statements."""
    schedules = list(Schedule.objects.visible_to(actor).order_by("name", "pk"))
    teams = Team.objects.visible_to(actor)
    hooks = WebhookSubscription.objects.visible_to(actor).order_by("name", "pk")
    words = {
        Serving.CURRENT: ("", _now("On call in %s")),
        Serving.NEXT: (":next", _now("Next on call in %s")),
        Serving.EVERYONE: (":everyone", _now("Everybody in %s")),
    }
    groups = [
        (label, [(f"schedule:{row.pk}{words[label][0]}", words[label][1] % row.name) for row in schedules])
        for label in Serving
    ]
    return [
        *((str(label.label), options) for label, options in groups),
        (_now("People"), [(f"user:{row.pk}", row.name) for row in people()]),
        (_now("Whole teams"), [(f"team:{row.pk}", _now("Everybody in %s") % row.name) for row in teams]),
        (_now("Webhooks"), [(f"webhook:{row.pk}", row.name) for row in hooks]),
    ]


def step_choices() -> dict[str, Any]:
    """The options of a step's other fields."""
    return {
        "picks": Pick.choices,
        "urgencies": Urgency.choices,
        "hours": LocalHours.choices,
        "ranks": range(5),
        "people": people(),
    }

"""The wire shapes of escalation policies: what goes out, and what may come in."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from oncall.actions.policies import StepInput, TargetInput
from oncall.api.fields import ReferenceField, WholeField, WordField
from oncall.api.serializers import complete, several
from oncall.choices import LocalHours, Pick, Serving, TargetType
from oncall.models import EscalationPolicy, PolicyStep, PolicyTarget
from teams.models import Team


class TargetInputSerializer(serializers.Serializer):
    type = serializers.ChoiceField(choices=TargetType.values)
    id = serializers.JSONField()
    serving = serializers.ChoiceField(choices=Serving.values, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs.setdefault("serving", Serving.CURRENT.value)
        complete(self, attrs)
        if attrs["type"] == TargetType.TEAM:
            field: serializers.Field = ReferenceField(Team, slug=True)
        else:
            field = WholeField(minimum=1)
        field.bind("id", self)
        try:
            return {**attrs, "id": field.run_validation(attrs["id"])}
        except serializers.ValidationError as error:
            raise serializers.ValidationError({"id": error.detail}) from None


class StepInputSerializer(serializers.Serializer):
    delay_minutes = WholeField(maximum=10080, default=5)
    targets = several(TargetInputSerializer, min_length=1, max_length=20)
    pick = serializers.ChoiceField(choices=Pick.values, required=False)
    urgency = WordField(limit=10, blank=True, required=False)
    severities = serializers.ListField(child=WholeField(maximum=4), required=False, max_length=5)
    hours = serializers.ChoiceField(choices=LocalHours.values, required=False)
    backup = WholeField(minimum=1, required=False, allow_null=True)
    backup_after_minutes = WholeField(minimum=1, maximum=10080, required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        plain = StepInput(5)
        for name in ("delay_minutes", "pick", "urgency", "severities", "hours"):
            attrs.setdefault(name, getattr(plain, name))
        attrs.setdefault("backup", None)
        attrs.setdefault("backup_after_minutes", None)
        complete(self, attrs)
        return attrs


class PolicyInput(serializers.Serializer):
    name = WordField(limit=120)
    team = ReferenceField(Team, slug=True)
    repeat = WholeField(maximum=20, default=0)
    is_default = serializers.BooleanField(required=False)
    hold_low = serializers.BooleanField(required=False)
    acknowledge_timeout_minutes = WholeField(minimum=1, maximum=10080, required=False, allow_null=True)
    steps = several(StepInputSerializer, max_length=20)

    def validate_steps(self, steps: list[dict[str, Any]]) -> list[StepInput]:
        return [
            StepInput(
                **{
                    **step,
                    "targets": [
                        TargetInput(item["type"], item["id"], item["serving"]) for item in step["targets"]
                    ],
                }
            )
            for step in steps
        ]


class PolicySerializer(serializers.ModelSerializer):
    team: serializers.Field = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    steps = serializers.SerializerMethodField()
    url = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        model = EscalationPolicy
        fields = [
            "id",
            "name",
            "team",
            "repeat",
            "is_default",
            "hold_low",
            "acknowledge_timeout_minutes",
            "steps",
            "url",
        ]

    def get_steps(self, policy: EscalationPolicy) -> list[dict[str, Any]]:
        return [_step(step) for step in policy.steps.all()]


def _step(step: PolicyStep) -> dict[str, Any]:
    """What is as by default is left out, so that a plain step reads as it was sent."""
    plain = StepInput(0)
    found: dict[str, Any] = {
        "delay_minutes": step.delay_minutes,
        "targets": [_target(target) for target in step.targets.all()],
    }
    extra = {
        "pick": step.pick,
        "urgency": step.urgency,
        "severities": step.severities,
        "hours": step.hours,
        "backup": step.backup_id,
        "backup_after_minutes": step.backup_after_minutes,
    }
    return found | {name: value for name, value in extra.items() if value and value != getattr(plain, name)}


def _target(target: PolicyTarget) -> dict[str, Any]:
    found: dict[str, Any] = {"type": target.type, "id": target.target_id}
    return found if target.serving == Serving.CURRENT else found | {"serving": target.serving}

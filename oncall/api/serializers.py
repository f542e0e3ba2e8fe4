"""The wire shapes of schedules and policies: what goes out, and what may come in."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from oncall.actions.policies import StepInput, TargetInput
from oncall.api.fields import InstantField, ReferenceField, WholeField, WordField
from oncall.choices import OverrideKind, TargetType, TurnUnit
from oncall.loading import wall
from oncall.models import CalendarToken, EscalationPolicy, Override, Rotation, Schedule
from oncall.rota import WEEKDAYS, Shift
from teams.models import Team


def several(child: type[serializers.Serializer], **options: Any) -> Any:
    """A list of these, with the options of DRF's ListSerializer (which its types do not know)."""
    return child(many=True, **options)


class ScheduleSerializer(serializers.ModelSerializer):
    team: serializers.Field = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    created_at = InstantField(read_only=True)
    url = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        model = Schedule
        fields = ["id", "team", "name", "timezone", "created_at", "url"]


class ScheduleInput(serializers.Serializer):
    team = ReferenceField(Team, slug=True)
    name = WordField(limit=120)
    timezone = WordField(limit=64, default="UTC")


class EverySerializer(serializers.Serializer):
    unit = serializers.ChoiceField(choices=TurnUnit.values)
    count = WholeField(minimum=1, maximum=10_000, default=1)


class RestrictionInput(serializers.Serializer):
    to = WordField(limit=8)
    days = serializers.ListField(
        child=serializers.ChoiceField(choices=list(WEEKDAYS)), required=False, max_length=7
    )

    def get_fields(self) -> dict[str, Any]:
        # "from" is a word of the language, so it cannot be an attribute.
        return {"from": WordField(limit=8), **super().get_fields()}


class RotationInput(serializers.Serializer):
    name = WordField(limit=120)
    starts_at = WordField(limit=30)
    serves_from = WordField(limit=30, required=False, allow_null=True, blank=True)
    ends_at = WordField(limit=30, required=False, allow_null=True, blank=True)
    every = EverySerializer()
    members = serializers.ListField(
        child=serializers.ListField(child=WholeField(minimum=1), min_length=1, max_length=100),
        min_length=1,
        max_length=1000,
    )
    by_day = serializers.ListField(
        child=serializers.ChoiceField(choices=list(WEEKDAYS)), required=False, max_length=7, allow_null=True
    )
    week_start = serializers.ChoiceField(choices=list(WEEKDAYS), required=False)
    restrictions = several(RestrictionInput, required=False, allow_null=True, max_length=24)
    layer = WholeField(maximum=1000, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        every = attrs.pop("every", {})
        return {**attrs, **every}


def rotation_data(row: Rotation) -> dict[str, Any]:
    """A rotation as it goes out; wall times are in the schedule's zone."""
    return {
        "id": row.public_id,
        "name": row.name,
        "starts_at": _wall(row.starts_at),
        "serves_from": _wall(row.serves_from or row.starts_at),
        "ends_at": _wall(row.ends_at),
        "every": {"unit": row.unit, "count": row.count},
        "members": row.members,
        "by_day": row.by_day,
        "week_start": row.week_start,
        "restrictions": row.restrictions,
        "layer": row.layer,
    }


def _wall(text: str) -> str | None:
    value = wall(text)
    if value is None:
        return None
    return value.isoformat(timespec="seconds" if value.second else "minutes")


class OverrideInput(serializers.Serializer):
    kind = serializers.ChoiceField(choices=OverrideKind.values, default=OverrideKind.TAKE_OVER)
    user = WholeField(minimum=1, required=False, allow_null=True)
    replaces = WholeField(minimum=1, required=False, allow_null=True)
    starts_at = InstantField()
    ends_at = InstantField()


class OverrideSerializer(serializers.ModelSerializer):
    user = WholeField(source="user_id", read_only=True)
    replaces = WholeField(source="replaces_id", read_only=True)
    starts_at = InstantField(read_only=True)
    ends_at = InstantField(read_only=True)
    created_by = WholeField(source="created_by_id", read_only=True)

    class Meta:
        model = Override
        fields = ["id", "kind", "user", "replaces", "starts_at", "ends_at", "created_by"]


def shift_data(shift: Shift) -> dict[str, Any]:
    """A row of the final schedule."""
    found = {
        "start": shift.start,
        "end": shift.end,
        "users": list(shift.users),
        "source": shift.source,
    }
    return found if shift.rotation_id is None else {**found, "rotation": shift.rotation_id}


def _complete(serializer: serializers.Serializer, attrs: dict[str, Any]) -> None:
    """A list's items are replaced whole, so they must be complete in a partial update too."""
    missing = [str(name) for name in serializer.fields if str(name) not in attrs]
    if missing:
        raise serializers.ValidationError({name: ["This field is required."] for name in missing})


class TargetInputSerializer(serializers.Serializer):
    type = serializers.ChoiceField(choices=TargetType.values)
    id = serializers.JSONField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        _complete(self, attrs)
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

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs.setdefault("delay_minutes", 5)
        _complete(self, attrs)
        return attrs


class PolicyInput(serializers.Serializer):
    name = WordField(limit=120)
    team = ReferenceField(Team, slug=True)
    repeat = WholeField(maximum=20, default=0)
    is_default = serializers.BooleanField(required=False)
    steps = several(StepInputSerializer, max_length=20)

    def validate_steps(self, steps: list[dict[str, Any]]) -> list[StepInput]:
        return [
            StepInput(
                step["delay_minutes"], [TargetInput(item["type"], item["id"]) for item in step["targets"]]
            )
            for step in steps
        ]


class PolicySerializer(serializers.ModelSerializer):
    team: serializers.Field = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    steps = serializers.SerializerMethodField()
    url = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        model = EscalationPolicy
        fields = ["id", "name", "team", "repeat", "is_default", "steps", "url"]

    def get_steps(self, policy: EscalationPolicy) -> list[dict[str, Any]]:
        return [
            {
                "delay_minutes": step.delay_minutes,
                "targets": [{"type": target.type, "id": target.target_id} for target in step.targets.all()],
            }
            for step in policy.steps.all()
        ]


class CalendarTokenSerializer(serializers.ModelSerializer):
    schedule = WholeField(source="schedule_id", read_only=True)
    created_at = InstantField(read_only=True)

    class Meta:
        model = CalendarToken
        fields = ["id", "schedule", "created_at"]


class CalendarTokenInput(serializers.Serializer):
    schedule = ReferenceField(Schedule, required=False, allow_null=True)

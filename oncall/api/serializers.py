"""The wire shapes of schedules and policies: what goes out, and what may come in."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from oncall.api.fields import InstantField, ReferenceField, WholeField, WordField
from oncall.choices import OnHolidays, OverrideKind, TurnUnit
from oncall.loading import wall
from oncall.models import CalendarToken, Override, Rotation, Schedule
from oncall.rota import WEEKDAYS, Gap, Shift
from oncall.selectors import Report
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
        fields = ["id", "team", "name", "timezone", "holiday_region", "unstaffed_hours", "created_at", "url"]


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


class ScheduleInput(serializers.Serializer):
    team = ReferenceField(Team, slug=True)
    name = WordField(limit=120)
    timezone = WordField(limit=64, default="UTC")
    holiday_region = WordField(limit=12, blank=True, required=False)
    unstaffed_hours = several(RestrictionInput, required=False, max_length=24)


class RotationInput(serializers.Serializer):
    name = WordField(limit=120)
    starts_at = WordField(limit=30)
    serves_from = WordField(limit=30, required=False, allow_null=True, blank=True)
    ends_at = WordField(limit=30, required=False, allow_null=True, blank=True)
    every = EverySerializer()
    members = serializers.ListField(
        child=serializers.ListField(
            child=WholeField(minimum=1),
            min_length=1,
            max_length=100,
            allow_null=True,
            error_messages={"min_length": "A turn needs somebody; use null for a turn that nobody serves."},
        ),
        min_length=1,
        max_length=1000,
    )
    by_day = serializers.ListField(
        child=serializers.ChoiceField(choices=list(WEEKDAYS)), required=False, max_length=7, allow_null=True
    )
    week_start = serializers.ChoiceField(choices=list(WEEKDAYS), required=False)
    restrictions = several(RestrictionInput, required=False, allow_null=True, max_length=24)
    layer = WholeField(maximum=1000, required=False)
    on_holidays = serializers.ChoiceField(choices=OnHolidays.values, required=False)

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
        "on_holidays": row.on_holidays,
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


def gap_data(gaps: list[Gap]) -> list[dict[str, Any]]:
    """Stretches without anybody."""
    return [{"start": gap.start, "end": gap.end} for gap in gaps]


def report_data(report: Report) -> dict[str, Any]:
    """Gaps, planned empty time, and overlaps of both kinds by their beginning."""
    overlaps: list[dict[str, Any]] = [
        {"kind": "turns", "start": each.start, "end": each.end, "users": list(each.users)}
        | {"rotations": [pk for pk in each.rotation_ids if pk is not None]}
        for each in report.crowds
    ]
    overlaps += [
        {"kind": "person", "start": each.start, "end": each.end, "users": [each.user]}
        | {"schedules": list(each.schedules)}
        for each in report.doubled
    ]
    overlaps.sort(key=lambda row: (row["start"], row["end"]))
    return {"gaps": gap_data(report.gaps), "planned": gap_data(report.planned), "overlaps": overlaps}


def complete(serializer: serializers.Serializer, attrs: dict[str, Any]) -> None:
    """A list's items are replaced whole, so they must be complete in a partial update too."""
    missing = [str(name) for name in serializer.fields if str(name) not in attrs]
    if missing:
        raise serializers.ValidationError({name: ["This field is required."] for name in missing})


class CalendarTokenSerializer(serializers.ModelSerializer):
    schedule = WholeField(source="schedule_id", read_only=True)
    created_at = InstantField(read_only=True)

    class Meta:
        model = CalendarToken
        fields = ["id", "schedule", "created_at"]


class CalendarTokenInput(serializers.Serializer):
    schedule = ReferenceField(Schedule, required=False, allow_null=True)

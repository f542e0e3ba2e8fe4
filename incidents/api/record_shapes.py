"""Shapes of what is known of an incident, on the wire. Times ISO 8601 UTC."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api.serializers import StrictSerializer
from incidents.actions.impact import LARGEST
from incidents.actions.times import TIMES
from incidents.choices import CriterionKind, FieldKind, ImpactCondition, Reach, RelationKind
from incidents.models import ImpactRow, IncidentFeedback

_BY_HAND = [(kind, RelationKind(kind).label) for kind in (RelationKind.RELATED, RelationKind.DUPLICATE)]


class TypeInput(StrictSerializer):
    type = serializers.CharField(max_length=40, allow_null=True)


class FieldsInput(StrictSerializer):
    fields = serializers.DictField(child=serializers.JSONField(allow_null=True))  # type: ignore[assignment]  # DRF's metaclass takes it out of the class
    base = serializers.DictField(child=serializers.JSONField(allow_null=True), required=False)


class AskedSerializer(serializers.Serializer[Any]):
    """A custom field that is asked, and its answer (null: none yet)."""

    key = serializers.CharField(source="field.key")
    label = serializers.CharField(source="field.label")  # type: ignore[assignment]  # DRF's metaclass takes it out of the class
    section = serializers.CharField(source="field.section")
    kind = serializers.ChoiceField(FieldKind.choices, source="field.kind")
    options = serializers.ListField(child=serializers.CharField(), source="field.options")
    required_for = serializers.CharField(source="field.required_for")
    answer = serializers.JSONField(allow_null=True)


class NamedTimes(StrictSerializer):
    """Named times; those left out stay as they are."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {name: serializers.DateTimeField(required=False, allow_null=True) for name in TIMES}


class TimesInput(StrictSerializer):
    times = NamedTimes()
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)


class HoldInput(StrictSerializer):
    until = serializers.DateTimeField()
    reason = serializers.CharField(max_length=300)


class ParentInput(StrictSerializer):
    parent = serializers.IntegerField(min_value=1, max_value=2**31 - 1, allow_null=True)  # type: ignore[assignment]  # DRF's metaclass takes it out of the class


class RelateInput(StrictSerializer):
    other = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    kind = serializers.ChoiceField(_BY_HAND, required=False)


class UnrelateInput(StrictSerializer):
    other = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class MergeInInput(StrictSerializer):
    incidents = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**31 - 1), min_length=1, max_length=20
    )


class WorkaroundInput(StrictSerializer):
    workaround = serializers.CharField(max_length=500, allow_blank=True)


class FeedbackInput(StrictSerializer):
    rating = serializers.IntegerField(min_value=1, max_value=5, required=False, allow_null=True)
    went_well = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    was_hard = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    anonymous = serializers.BooleanField(required=False)


class FeedbackSerializer(serializers.ModelSerializer[IncidentFeedback]):
    class Meta:
        model = IncidentFeedback
        fields = ("rating", "went_well", "was_hard", "anonymous", "written_at")


class CalledSerializer(serializers.Serializer[Any]):
    policy = serializers.CharField(source="policy.name")
    people = serializers.ListField(child=serializers.CharField())


class ClockSerializer(serializers.Serializer[Any]):
    audience = serializers.CharField()
    minutes = serializers.IntegerField()


class SeverityPlanSerializer(serializers.Serializer[Any]):
    """What a severity would set in motion. `suggestion`: what the priority matrix makes of the impact rows."""

    severity = serializers.IntegerField(source="plan.level.rank")
    label = serializers.CharField(source="plan.level")  # type: ignore[assignment]  # DRF's metaclass takes it out of the class
    meaning = serializers.CharField(source="plan.level.meaning")
    raises = serializers.BooleanField(source="plan.raises")
    pages = CalledSerializer(source="plan.called", many=True)
    clocks = serializers.SerializerMethodField()
    acknowledge_minutes = serializers.IntegerField(source="plan.level.ack_minutes", allow_null=True)
    postmortem_required = serializers.BooleanField(source="plan.level.postmortem_required")
    missing_roles = serializers.ListField(child=serializers.CharField(), source="plan.missing_roles")
    warnings = serializers.ListField(child=serializers.CharField(), source="plan.warnings")
    suggestion = serializers.SerializerMethodField()

    @extend_schema_field(ClockSerializer(many=True))
    def get_clocks(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"audience": audience, "minutes": minutes} for audience, minutes in row["plan"].clocks]

    @extend_schema_field(serializers.DictField(allow_null=True))
    def get_suggestion(self, row: dict[str, Any]) -> dict[str, Any] | None:
        found = row["suggestion"]
        return {"severity": found.rank, "reason": found.reason} if found else None


class ReasonSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    reason = serializers.CharField()


class GateSerializer(serializers.Serializer[Any]):
    """State → what is in the way of entering it; empty when nothing is."""

    resolved = ReasonSerializer(many=True)
    closed = ReasonSerializer(many=True)


class CriterionInput(StrictSerializer):
    kind = serializers.ChoiceField(CriterionKind.choices, required=False)
    text = serializers.CharField(max_length=200, required=False, allow_blank=True)
    minutes = serializers.IntegerField(min_value=0, max_value=1440, required=False)


class TickInput(StrictSerializer):
    met = serializers.BooleanField(required=False)


class CriterionSerializer(serializers.Serializer[Any]):
    """An exit criterion. `since`: from when it has held; `why`: what is in the way, "" when it is met."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(CriterionKind.choices)
    text = serializers.CharField()
    minutes = serializers.IntegerField()
    summary = serializers.CharField()
    met = serializers.BooleanField()
    since = serializers.DateTimeField(allow_null=True)
    why = serializers.CharField()


def _word_list() -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(max_length=60), required=False, max_length=30)


def _count(name: str) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, max_value=LARGEST[name], required=False, allow_null=True)


class ImpactEdit(StrictSerializer):
    condition = serializers.ChoiceField(ImpactCondition.choices, required=False)
    reach = serializers.ChoiceField(Reach.choices, required=False, allow_blank=True)
    regions = _word_list()
    segments = _word_list()
    started_at = serializers.DateTimeField(required=False)
    ended_at = serializers.DateTimeField(required=False, allow_null=True)
    customers = _count("customers")
    requests_failed = _count("requests_failed")
    tickets = _count("tickets")
    data_lost = serializers.CharField(max_length=300, required=False, allow_blank=True)
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)


class ImpactInput(ImpactEdit):
    service = serializers.CharField(max_length=80, required=False, allow_null=True)


class ImpactSerializer(serializers.ModelSerializer[ImpactRow]):
    """One row of the impact. `ended_at` null: it still lasts."""

    service = serializers.SerializerMethodField()
    condition = serializers.ChoiceField(ImpactCondition.choices)
    reach = serializers.ChoiceField(Reach.choices, allow_blank=True)

    class Meta:
        model = ImpactRow
        fields = (
            "id",
            "service",
            "condition",
            "reach",
            "regions",
            "segments",
            "started_at",
            "ended_at",
            "customers",
            "requests_failed",
            "tickets",
            "data_lost",
            "note",
        )

    def get_service(self, row: ImpactRow) -> str | None:
        return row.service.slug if row.service else None

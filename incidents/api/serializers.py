"""Shapes of incidents on the wire. Times ISO 8601 UTC; references by slug, number or id."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from core.api.serializers import StrictSerializer
from incidents.choices import (
    EntryAudience,
    EntryKind,
    IncidentKind,
    IncidentStatus,
    UpdateAudience,
    Visibility,
)
from incidents.models import Incident, IncidentUpdate, TimelineEntry
from incidents.sentences import sentence
from notifications.choices import Urgency

TIMES = (
    "impact_started",
    "detected",
    "declared",
    "acknowledged",
    "commander_assigned",
    "first_internal_update",
    "first_public_update",
    "cause_known",
    "mitigated",
    "verified",
    "resolved",
    "review_held",
    "postmortem_published",
    "closed",
)


class PersonSerializer(serializers.Serializer[Any]):
    """A person by id and name."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class IncidentSerializer(serializers.ModelSerializer[Incident]):
    """An incident. `severity` 0 (critical) to 4 (least) or null; `times` named instants, null when not yet."""

    number = serializers.IntegerField(read_only=True)
    status = serializers.ChoiceField(IncidentStatus.choices, read_only=True)
    severity = serializers.SerializerMethodField()
    team = serializers.SerializerMethodField()
    services = serializers.SerializerMethodField()
    roles = serializers.SerializerMethodField()
    times = serializers.SerializerMethodField()
    acknowledged_by = PersonSerializer(read_only=True, allow_null=True)
    type = serializers.SerializerMethodField()
    parent = serializers.SerializerMethodField()
    merged_into = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()

    class Meta:
        model = Incident
        fields = (
            "number",
            "title",
            "status",
            "severity",
            "kind",
            "type",
            "fields",
            "visibility",
            "code_name",
            "urgency",
            "team",
            "services",
            "impact",
            "roles",
            "times",
            "page_status",
            "acknowledged_by",
            "snoozed_until",
            "alert_count",
            "firing_count",
            "next_update_due_at",
            "next_update_audience",
            "parent",
            "merged_into",
            "on_hold_until",
            "on_hold_reason",
            "workaround",
            "source",
            "ticket",
            "url",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    def get_severity(self, row: Incident) -> int | None:
        return row.severity_id

    def get_team(self, row: Incident) -> str | None:
        return row.team.slug if row.team else None

    def get_services(self, row: Incident) -> list[str]:
        return [item.service.slug for item in row.service_rows.all()]

    @extend_schema_field(serializers.DictField(child=PersonSerializer(many=True)))
    def get_roles(self, row: Incident) -> dict[str, list[dict[str, Any]]]:
        """Role → people who hold it now."""
        found: dict[str, list[dict[str, Any]]] = {}
        for item in row.current_roles:  # type: ignore[attr-defined]
            found.setdefault(item.role, []).append({"id": item.user_id, "name": item.user.name})
        return found

    @extend_schema_field(serializers.DictField(child=serializers.DateTimeField(allow_null=True)))
    def get_times(self, row: Incident) -> dict[str, Any]:
        return {name: getattr(row, f"{name}_at") for name in TIMES}

    def get_type(self, row: Incident) -> str | None:
        return row.type.key if row.type else None

    def get_parent(self, row: Incident) -> int | None:
        return row.parent.number if row.parent else None

    def get_merged_into(self, row: Incident) -> int | None:
        return row.merged_into.number if row.merged_into else None

    def get_url(self, row: Incident) -> str:
        return row.get_absolute_url()


class EntrySerializer(serializers.ModelSerializer[TimelineEntry]):
    """A timeline entry; `text` is what a person wrote, `summary` what the product says about it."""

    author = serializers.SerializerMethodField()
    summary = serializers.SerializerMethodField()
    kind = serializers.ChoiceField(EntryKind.choices)
    audience = serializers.ChoiceField(EntryAudience.choices)

    class Meta:
        model = TimelineEntry
        fields = (
            "seq",
            "kind",
            "happened_at",
            "happened_until",
            "written_at",
            "author",
            "text",
            "summary",
            "data",
            "audience",
            "source",
            "evidence_link",
            "starred",
            "edited_at",
            "redacted_at",
        )

    @extend_schema_field(serializers.DictField())
    def get_author(self, row: TimelineEntry) -> dict[str, Any]:
        return {"id": row.author_id, "name": row.author_label, "role": row.author_role or None}

    def get_summary(self, row: TimelineEntry) -> str:
        return sentence(row)


class UpdateSerializer(serializers.ModelSerializer[IncidentUpdate]):
    author = serializers.CharField(source="author_label")

    class Meta:
        model = IncidentUpdate
        fields = (
            "id",
            "audience",
            "state",
            "text",
            "status",
            "author",
            "written_at",
            "sent_at",
            "next_update_due_at",
        )


class DeclareInput(StrictSerializer):
    title = serializers.CharField(max_length=1000)
    services = serializers.ListField(
        child=serializers.CharField(max_length=80), required=False, max_length=50
    )
    team = serializers.CharField(max_length=80, required=False, allow_null=True)
    severity = serializers.IntegerField(min_value=0, max_value=4, required=False, allow_null=True)
    impact = serializers.CharField(max_length=500, required=False, allow_blank=True)
    urgency = serializers.ChoiceField(Urgency.choices, required=False)
    kind = serializers.ChoiceField(IncidentKind.choices, required=False)
    type = serializers.CharField(max_length=40, required=False, allow_null=True)
    impact_started_at = serializers.DateTimeField(required=False, allow_null=True)
    page = serializers.BooleanField(required=False)
    invited = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), required=False, max_length=20
    )
    source = serializers.CharField(max_length=200, required=False, allow_blank=True)
    link = serializers.CharField(max_length=500, required=False, allow_blank=True)
    ticket = serializers.CharField(max_length=100, required=False, allow_blank=True)


class EditInput(StrictSerializer):
    impact = serializers.CharField(max_length=500, required=False, allow_blank=True)
    services = serializers.ListField(
        child=serializers.CharField(max_length=80), required=False, max_length=50
    )


class StatusInput(StrictSerializer):
    status = serializers.ChoiceField(IncidentStatus.choices)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)
    cause_unknown = serializers.BooleanField(required=False)
    mitigated_at = serializers.DateTimeField(required=False, allow_null=True)


class SeverityInput(StrictSerializer):
    severity = serializers.IntegerField(min_value=0, max_value=4, allow_null=True)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)


class RoleInput(StrictSerializer):
    role = serializers.CharField(max_length=20)
    user = serializers.IntegerField(allow_null=True, min_value=1, max_value=2**63 - 1, required=False)
    schedule = serializers.IntegerField(allow_null=True, min_value=1, max_value=2**63 - 1, required=False)
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "user" not in attrs and attrs.get("schedule") is None:
            raise serializers.ValidationError({"user": ["This field is required."]})
        return attrs


class NoteInput(StrictSerializer):
    text = serializers.CharField(max_length=20_000)
    happened_at = serializers.DateTimeField(required=False, allow_null=True)
    happened_until = serializers.DateTimeField(required=False, allow_null=True)
    evidence_link = serializers.CharField(max_length=500, required=False, allow_blank=True)
    key = serializers.CharField(max_length=64, required=False, allow_blank=True)


class UpdateInput(StrictSerializer):
    audience = serializers.ChoiceField(UpdateAudience.choices)
    text = serializers.CharField(max_length=20_000)
    next_update_in_minutes = serializers.IntegerField(
        min_value=0, max_value=10_080, required=False, allow_null=True
    )


class ResolveInput(StrictSerializer):
    """`public_words` end the notices customers still see as open; without them those stay."""

    override_reason = serializers.CharField(max_length=500, required=False, allow_blank=True)
    public_words = serializers.CharField(max_length=20_000, required=False, allow_blank=True)


class ReopenInput(StrictSerializer):
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)


class MergeInput(StrictSerializer):
    into = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class VisibilityInput(StrictSerializer):
    visibility = serializers.ChoiceField(Visibility.choices)
    code_name = serializers.CharField(max_length=60, required=False, allow_blank=True)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)


@extend_schema_serializer(component_name="PagePeopleInput")
class PageInput(StrictSerializer):
    users = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), required=False, max_length=20
    )
    policy = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**63 - 1)
    text = serializers.CharField(max_length=2000, required=False, allow_blank=True)


class SnoozeInput(StrictSerializer):
    minutes = serializers.IntegerField(min_value=1, max_value=1440)


class EmptyInput(StrictSerializer):
    """No fields."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from alerts.choices import AlertStatus, SourceKind
from alerts.models import Alert, Integration, MaintenanceWindow, Silence


class AlertSerializer(serializers.ModelSerializer[Alert]):
    """An alert. `count`: how often it came; `route`: why it went where it went."""

    service = serializers.SlugRelatedField("slug", read_only=True)
    team = serializers.SlugRelatedField("slug", read_only=True)
    incident = serializers.SlugRelatedField("number", read_only=True)
    status = serializers.ChoiceField(AlertStatus.choices, read_only=True)
    links = serializers.ListField(child=serializers.DictField(), read_only=True)
    labels = serializers.DictField(read_only=True)
    route = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Alert
        fields = (
            "id",
            "title",
            "status",
            "urgency",
            "severity",
            "service",
            "team",
            "incident",
            "integration",
            "dedup_key",
            "group_key",
            "source",
            "labels",
            "links",
            "count",
            "route",
            "held_by",
            "snoozed_until",
            "occurred_at",
            "first_seen_at",
            "last_seen_at",
            "acknowledged_at",
            "resolved_at",
        )
        read_only_fields = fields


class AlertDetailSerializer(AlertSerializer):
    """With description and the sender's own payload."""

    raw = serializers.JSONField(read_only=True)

    class Meta(AlertSerializer.Meta):
        fields = (*AlertSerializer.Meta.fields, "description", "raw")
        read_only_fields = fields


class AlertSnoozeInput(serializers.Serializer[Any]):
    minutes = serializers.IntegerField(min_value=1, max_value=1440)


class IntegrationSerializer(serializers.ModelSerializer[Integration]):
    """An integration. `key` and `url` are given once, in the answer that made the key."""

    service = serializers.SlugRelatedField("slug", read_only=True)
    team = serializers.SlugRelatedField("slug", read_only=True)
    kind = serializers.ChoiceField(SourceKind.choices, read_only=True)

    class Meta:
        model = Integration
        fields = (
            "id",
            "name",
            "kind",
            "service",
            "team",
            "is_active",
            "key_hint",
            "next_key_hint",
            "last_received_at",
            "created_at",
        )
        read_only_fields = fields


class IntegrationWithKeySerializer(IntegrationSerializer):
    key = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()

    class Meta(IntegrationSerializer.Meta):
        fields = (*IntegrationSerializer.Meta.fields, "key", "url")
        read_only_fields = fields

    def get_key(self, row: Integration) -> str:
        return str(self.context["key"])

    def get_url(self, row: Integration) -> str:
        return str(self.context["url"])


class IntegrationInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    kind = serializers.ChoiceField(SourceKind.choices, required=False, default=SourceKind.GENERIC)
    service = serializers.CharField(max_length=80)


class IntegrationPatch(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120, required=False)
    service = serializers.CharField(max_length=80, required=False)
    is_active = serializers.BooleanField(required=False)


class MatcherSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200)
    value = serializers.CharField(max_length=1000, allow_blank=True)


class SilenceSerializer(serializers.ModelSerializer[Silence]):
    service = serializers.SlugRelatedField("slug", read_only=True)
    matchers = MatcherSerializer(many=True, read_only=True)

    class Meta:
        model = Silence
        fields = ("id", "service", "matchers", "reason", "starts_at", "ends_at", "created_by", "created_at")
        read_only_fields = fields


class SilenceInput(serializers.Serializer[Any]):
    service = serializers.CharField(max_length=80)
    matchers = MatcherSerializer(many=True, required=False)
    reason = serializers.CharField(max_length=300)
    starts_at = serializers.DateTimeField(required=False)
    ends_at = serializers.DateTimeField()


class WindowSerializer(serializers.ModelSerializer[MaintenanceWindow]):
    service = serializers.SlugRelatedField("slug", read_only=True)

    class Meta:
        model = MaintenanceWindow
        fields = ("id", "service", "reason", "starts_at", "ends_at", "created_by", "created_at")
        read_only_fields = fields


class WindowInput(serializers.Serializer[Any]):
    service = serializers.CharField(max_length=80)
    reason = serializers.CharField(max_length=300)
    starts_at = serializers.DateTimeField(required=False)
    ends_at = serializers.DateTimeField()

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from alerts.actions.receiving import pending_subscriptions
from alerts.choices import AlertStatus, IntakeStatus, SourceKind
from alerts.models import Alert, IntakeItem, Integration
from alerts.watch import selectors as watched
from core.api.serializers import StrictSerializer


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
    """An integration. `key` and `url` are given once, in the answer that made the key; the secret never."""

    service = serializers.SlugRelatedField("slug", read_only=True)
    team = serializers.SlugRelatedField("slug", read_only=True)
    kind = serializers.ChoiceField(SourceKind.choices, read_only=True)
    mapping = serializers.DictField(read_only=True)
    templates = serializers.DictField(read_only=True)
    settings = serializers.SerializerMethodField()
    waiting_topics = serializers.SerializerMethodField()
    has_secret = serializers.SerializerMethodField()

    address = serializers.SerializerMethodField()

    class Meta:
        model = Integration
        fields = (
            "id",
            "name",
            "kind",
            "service",
            "team",
            "is_active",
            "address",
            "key_hint",
            "next_key_hint",
            "service_label",
            "templates",
            "mapping",
            "settings",
            "waiting_topics",
            "has_secret",
            "last_received_at",
            "created_at",
        )
        read_only_fields = fields

    def get_settings(self, row: Integration) -> dict[str, Any]:
        found = row.settings if isinstance(row.settings, dict) else {}
        return {name: value for name, value in found.items() if name != "subscriptions"}

    def get_waiting_topics(self, row: Integration) -> list[str]:
        return [each["topic"] for each in pending_subscriptions(row)]

    def get_has_secret(self, row: Integration) -> bool:
        return bool(row.secret_sealed)

    def get_address(self, row: Integration) -> str:
        """Where it takes mail, or where its public form is."""
        return watched.report_url(row) or watched.mail_address(row)


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


class IntegrationInput(StrictSerializer):
    name = serializers.CharField(max_length=120)
    kind = serializers.ChoiceField(SourceKind.choices, required=False, default=SourceKind.GENERIC)
    service = serializers.CharField(max_length=80)


class IntegrationPatch(StrictSerializer):
    """`secret` is only written; "" removes it. `settings` are those of its kind, merged into what is there."""

    name = serializers.CharField(max_length=120, required=False)
    service = serializers.CharField(max_length=80, required=False)
    is_active = serializers.BooleanField(required=False)
    service_label = serializers.CharField(max_length=200, allow_blank=True, required=False)
    templates = serializers.DictField(required=False)
    mapping = serializers.DictField(required=False)
    secret = serializers.CharField(
        max_length=500, allow_blank=True, write_only=True, required=False, trim_whitespace=False
    )
    settings = serializers.DictField(required=False)


class TryInput(StrictSerializer):
    """`payload`: what to read; without it, the newest that came in."""

    mapping = serializers.DictField()
    payload = serializers.JSONField(required=False)


class TriedAlertSerializer(serializers.Serializer[Any]):
    action = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    severity = serializers.CharField()
    source = serializers.CharField()
    dedup_key = serializers.CharField()
    group_key = serializers.CharField()
    labels = serializers.DictField()
    links = serializers.ListField(child=serializers.DictField())
    occurred_at = serializers.CharField(allow_null=True)


class TriedSerializer(serializers.Serializer[Any]):
    """What a mapping makes of a payload, or the reasons by field."""

    alerts = TriedAlertSerializer(many=True)
    errors = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    ignored = serializers.CharField()


class ReceivedSerializer(serializers.ModelSerializer[IntakeItem]):
    """One payload as it came, and what became of it."""

    status = serializers.ChoiceField(IntakeStatus.choices, read_only=True)
    action = serializers.CharField(read_only=True)
    payload = serializers.JSONField(source="raw", read_only=True)

    class Meta:
        model = IntakeItem
        fields = ("id", "received_at", "processed_at", "action", "status", "outcome", "alert", "payload")
        read_only_fields = fields


class ReplayInput(StrictSerializer):
    """`item`: only this one; without it, all that were not understood."""

    item = serializers.IntegerField(min_value=1, max_value=2**63 - 1, required=False)


class ReplayedSerializer(serializers.Serializer[Any]):
    replayed = serializers.IntegerField()


class TopicInput(StrictSerializer):
    topic = serializers.CharField(max_length=400)

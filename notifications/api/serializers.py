"""Shapes of contact methods, rules, deliveries and webhooks in the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from notifications.actions.rules import LONGEST_MINUTES
from notifications.choices import Channel, Urgency
from notifications.models import (
    ContactMethod,
    Delivery,
    DeliveryAttempt,
    NotificationRule,
    WebhookSubscription,
)
from notifications.selectors import title_for
from teams.api.serializers import TeamRefField, actor_in

ID_LIMIT = 2**63 - 1


class ContactMethodSerializer(serializers.ModelSerializer[ContactMethod]):
    """`usable`: verified and switched on."""

    verified = serializers.SerializerMethodField()
    enabled = serializers.SerializerMethodField()
    usable = serializers.BooleanField(read_only=True)

    class Meta:
        model = ContactMethod
        fields = [
            "id",
            "user",
            "channel",
            "label",
            "address",
            "verified",
            "enabled",
            "usable",
            "last_failure",
            "created_at",
        ]
        read_only_fields = fields

    def get_verified(self, row: ContactMethod) -> bool:
        return row.verified_at is not None

    def get_enabled(self, row: ContactMethod) -> bool:
        return row.disabled_at is None


class NewContactMethodSerializer(serializers.Serializer[Any]):
    """`user`: admins may add for somebody else.

    `address`: a mail address, a telephone number with + and country code (sms, voice), a Slack member ID, an
    Apprise URL (kept sealed: afterwards `address` is its public name), or the URL of a webhook.
    """

    channel = serializers.ChoiceField(choices=Channel.choices)
    address = serializers.CharField(max_length=2000, default="", allow_blank=True)
    label = serializers.CharField(max_length=80, default="", allow_blank=True)  # type: ignore[assignment]
    user = serializers.IntegerField(required=False, min_value=1, max_value=ID_LIMIT)


class CreatedContactMethodSerializer(ContactMethodSerializer):
    """`secret`: the signing secret of a webhook, shown this once."""

    secret = serializers.CharField(read_only=True)

    class Meta(ContactMethodSerializer.Meta):
        fields = [*ContactMethodSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class EnabledSerializer(serializers.Serializer[Any]):
    enabled = serializers.BooleanField()


class CodeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=20)


class RuleSerializer(serializers.ModelSerializer[NotificationRule]):
    class Meta:
        model = NotificationRule
        fields = ["id", "user", "urgency", "method", "delay_minutes"]
        read_only_fields = fields


class NewRuleSerializer(serializers.Serializer[Any]):
    """`method`: id of a verified contact method. `user`: admins may add for somebody else."""

    urgency = serializers.ChoiceField(choices=Urgency.choices)
    method = serializers.IntegerField(min_value=1, max_value=ID_LIMIT)
    delay_minutes = serializers.IntegerField(min_value=0, max_value=LONGEST_MINUTES, default=0)
    user = serializers.IntegerField(required=False, min_value=1, max_value=ID_LIMIT)


class AttemptSerializer(serializers.ModelSerializer[DeliveryAttempt]):
    class Meta:
        model = DeliveryAttempt
        fields = ["number", "started_at", "ended_at", "outcome", "detail"]
        read_only_fields = fields


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """Titles of pages to others stay out; `subject` and `url_path` name what they are about."""

    title = serializers.SerializerMethodField()
    subject = serializers.CharField(source="subject_key", read_only=True)
    address = serializers.CharField(source="address_hint", read_only=True)
    team = TeamRefField(read_only=True)
    attempts = AttemptSerializer(source="attempt_log", many=True, read_only=True)

    class Meta:
        model = Delivery
        fields = [
            "id",
            "key",
            "category",
            "channel",
            "user",
            "team",
            "address",
            "subject",
            "urgency",
            "title",
            "url_path",
            "status",
            "error",
            "due_at",
            "sent_at",
            "finished_at",
            "created_at",
            "attempts",
        ]
        read_only_fields = fields

    def get_title(self, row: Delivery) -> str:
        return title_for(row, actor_in(self.context))


class WebhookSerializer(serializers.ModelSerializer[WebhookSubscription]):
    """`events` empty means all. Without `team` it belongs to the whole organisation (admins)."""

    team = TeamRefField(required=False, allow_null=True, default=None)
    events = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, default=list, max_length=50
    )
    url = serializers.CharField(max_length=500)
    active = serializers.BooleanField(required=False)

    class Meta:
        model = WebhookSubscription
        fields = ["id", "team", "name", "url", "events", "active", "created_at"]
        read_only_fields = ["id", "created_at"]


class WebhookChangeSerializer(WebhookSerializer):
    class Meta(WebhookSerializer.Meta):
        read_only_fields = ["id", "team", "created_at"]

    team = TeamRefField(read_only=True)


class CreatedWebhookSerializer(WebhookSerializer):
    """`secret`: the signing secret, shown this once."""

    secret = serializers.CharField(read_only=True)

    class Meta(WebhookSerializer.Meta):
        fields = [*WebhookSerializer.Meta.fields, "secret"]


class SecretSerializer(serializers.Serializer[Any]):
    secret = serializers.CharField(read_only=True)

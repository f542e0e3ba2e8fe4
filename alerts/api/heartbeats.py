"""`heartbeats/`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.actions import heartbeats as actions
from alerts.api.common import service_id
from alerts.choices import SEVERITIES, HeartbeatStatus
from alerts.models import Heartbeat
from alerts.watch import selectors as watched
from core.api.serializers import StrictSerializer, valid
from core.api.views import ActorViewSet


class HeartbeatSerializer(serializers.ModelSerializer[Heartbeat]):
    """A heartbeat. `due_at`: when the next sign is late, grace included; `mail`: where signs may be mailed."""

    service: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField("slug", read_only=True)
    team: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField("slug", read_only=True)
    status = serializers.ChoiceField(HeartbeatStatus.choices, read_only=True)
    severity = serializers.ChoiceField(SEVERITIES, read_only=True)
    key_hint = serializers.CharField(source="integration.key_hint", read_only=True)
    mail = serializers.SerializerMethodField()

    class Meta:
        model = Heartbeat
        fields: tuple[str, ...] = (
            "id",
            "name",
            "service",
            "team",
            "status",
            "interval_seconds",
            "cron",
            "timezone",
            "grace_seconds",
            "severity",
            "last_ping_at",
            "last_ping_from",
            "due_at",
            "key_hint",
            "mail",
            "integration",
            "created_at",
        )
        read_only_fields: tuple[str, ...] = fields

    def get_mail(self, row: Heartbeat) -> str:
        return watched.mail_address(row.integration)


class HeartbeatWithKeySerializer(HeartbeatSerializer):
    """`key` and `url` are given once, in the answer that made the key."""

    key = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()

    class Meta(HeartbeatSerializer.Meta):
        fields = (*HeartbeatSerializer.Meta.fields, "key", "url")
        read_only_fields = fields

    def get_key(self, row: Heartbeat) -> str:
        return str(self.context["key"])

    def get_url(self, row: Heartbeat) -> str:
        return f"{settings.BASE_URL}/api/v1/heartbeat/{self.context['key']}/"


class HeartbeatPatch(StrictSerializer):
    """`cron` (five fields) in `timezone` counts instead of `interval_seconds` unless it is empty."""

    name = serializers.CharField(max_length=120, required=False)
    service = serializers.CharField(max_length=80, required=False)
    interval_seconds = serializers.IntegerField(min_value=10, max_value=2_678_400, required=False)
    cron = serializers.CharField(max_length=120, required=False, allow_blank=True)
    timezone = serializers.CharField(max_length=64, required=False)
    grace_seconds = serializers.IntegerField(min_value=0, max_value=604_800, required=False)
    severity = serializers.ChoiceField(SEVERITIES, required=False)


class HeartbeatInput(HeartbeatPatch):
    name = serializers.CharField(max_length=120)
    service = serializers.CharField(max_length=80)


class HeartbeatViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ActorViewSet):
    """Signs of life that are expected. The key is shown once, when it is made."""

    model = Heartbeat
    serializer_class = HeartbeatSerializer
    lookup_value_regex = "[0-9]{1,18}"

    def visible(self) -> QuerySet[Heartbeat]:
        return watched.heartbeats_of(self.actor)

    @extend_schema(request=HeartbeatInput, responses={201: HeartbeatWithKeySerializer})
    def create(self, request: Request) -> Response:
        """Make a heartbeat; the answer holds its key and address, this once."""
        beat, key = actions.save_heartbeat(actor=self.actor, **self._fields(HeartbeatInput))
        return Response(HeartbeatWithKeySerializer(beat, context={"key": key}).data, status=201)

    @extend_schema(request=HeartbeatPatch, responses=HeartbeatSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change it; a changed schedule begins anew now."""
        fields = self._fields(HeartbeatPatch)
        beat, _key = actions.save_heartbeat(actor=self.actor, heartbeat_id=int(pk), **fields)
        return Response(HeartbeatSerializer(beat).data)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Its address stops working; alerts it opened stay on record."""
        actions.delete_heartbeat(actor=self.actor, heartbeat_id=int(pk))
        return Response(status=204)

    @extend_schema(request=None, responses={201: HeartbeatWithKeySerializer})
    @action(detail=True, methods=["post"], url_path="new-key")
    def new_key(self, request: Request, pk: str) -> Response:
        """A new key; the old one stops working at once."""
        beat, key = actions.renew_heartbeat_key(actor=self.actor, heartbeat_id=int(pk))
        return Response(HeartbeatWithKeySerializer(beat, context={"key": key}).data, status=201)

    @extend_schema(request=None, responses=HeartbeatSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """Nobody is told of signs that stay away until it is resumed."""
        beat = actions.pause_heartbeat(actor=self.actor, heartbeat_id=int(pk))
        return Response(HeartbeatSerializer(beat).data)

    @extend_schema(request=None, responses=HeartbeatSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """A sign is expected again from now on."""
        beat = actions.resume_heartbeat(actor=self.actor, heartbeat_id=int(pk))
        return Response(HeartbeatSerializer(beat).data)

    def _fields(self, shape: type[StrictSerializer]) -> dict[str, Any]:
        fields = valid(shape, self.request)
        if "service" in fields:
            fields["service_id"] = service_id(self.actor, fields.pop("service"))
        return fields

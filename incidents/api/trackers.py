"""`tracker-connections/`: issue trackers of the teams one manages. Tokens and secrets go in and never come out."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.serializers import StrictSerializer
from incidents.actions import trackers as actions
from incidents.choices import TrackerKind
from incidents.models import TrackerConnection
from oncall.api.base import RoomViewSet
from oncall.api.fields import ReferenceField
from teams.models import Team

_FIELDS = ("project", "name", "base_url", "labels", "active")


class TrackerConnectionSerializer(serializers.ModelSerializer[TrackerConnection]):
    """`token_hint`: the last letters of the token. `problem`: why it does not work, in words."""

    team: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField("slug", read_only=True)
    labels = serializers.ListField(child=serializers.CharField(), read_only=True)
    webhook_url = serializers.SerializerMethodField()

    class Meta:
        model = TrackerConnection
        fields = [
            *("id", "team", "kind", "name", "base_url", "project", "labels", "token_hint", "active"),
            *("webhook_url", "created_at", "last_heard_at", "last_written_at", "problem"),
        ]
        read_only_fields = fields

    def get_webhook_url(self, row: TrackerConnection) -> str:
        return actions.hook_url(row)


class TrackerConnectionCreated(TrackerConnectionSerializer):
    """`secret`: of the webhook, shown this once."""

    secret = serializers.CharField(read_only=True)

    class Meta(TrackerConnectionSerializer.Meta):
        fields = [*TrackerConnectionSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class _TrackerCommon(StrictSerializer):
    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    base_url = serializers.CharField(max_length=300, required=False)
    labels = serializers.ListField(
        child=serializers.CharField(max_length=50), required=False, max_length=actions.MOST_LABELS
    )


class TrackerConnectionInput(_TrackerCommon):
    """`base_url` only for GitHub Enterprise: `https://host/api/v3`."""

    team = ReferenceField(Team, slug=True)
    kind = serializers.ChoiceField(TrackerKind.choices, required=False)
    project = serializers.CharField(max_length=200)
    token = serializers.CharField(max_length=400, write_only=True)


class TrackerConnectionChange(_TrackerCommon):
    """Without `token` the present one stays; another `base_url` needs it."""

    project = serializers.CharField(max_length=200, required=False)
    token = serializers.CharField(max_length=400, required=False, write_only=True)
    active = serializers.BooleanField(required=False)


class TrackerRemoveInput(StrictSerializer):
    confirm = serializers.CharField(max_length=200, help_text="The project, typed")


class TrackerCheckSerializer(serializers.Serializer[Any]):
    """`problem`: what the tracker refuses, in words; empty when all is well."""

    problem = serializers.CharField(read_only=True)


class TrackerSecretSerializer(serializers.Serializer[Any]):
    secret = serializers.CharField(read_only=True)


class TrackerConnectionViewSet(RoomViewSet):
    """Connections of the teams one manages; others find none."""

    model = TrackerConnection
    serializer_class = TrackerConnectionSerializer
    input_class: Any = TrackerConnectionInput
    lookup_value_regex = "[0-9]{1,18}"
    http_method_names = ["get", "post", "patch", "head", "options"]

    def visible(self) -> QuerySet[TrackerConnection]:
        rows: QuerySet[TrackerConnection] = TrackerConnection.objects.manageable_by(self.actor)
        return rows.select_related("team")

    @extend_schema(request=TrackerConnectionInput, responses={201: TrackerConnectionCreated})
    def create(self, request: Request) -> Response:
        """The answer holds the webhook's secret, this once."""
        data = self._given(TrackerConnectionInput)
        team = data.pop("team")
        row, secret = actions.connect_tracker(actor=self.actor, team_id=team, **data)
        return Response({**self.get_serializer(row).data, "secret": secret}, status=201)

    @extend_schema(request=TrackerConnectionChange, responses=TrackerConnectionSerializer)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self.get_object()
        data = {name: getattr(row, name) for name in _FIELDS} | self._given(TrackerConnectionChange)
        changed = actions.change_tracker(actor=self.actor, connection_id=row.pk, **data)
        return Response(self.get_serializer(changed).data)

    @extend_schema(request=TrackerRemoveInput, responses={204: None})
    @action(detail=True, methods=["post"])
    def disconnect(self, request: Request, pk: str) -> Response:
        """Take it away; items and issues stay, unlinked."""
        data = self._given(TrackerRemoveInput)
        actions.disconnect_tracker(actor=self.actor, connection_id=int(pk), **data)
        return Response(status=204)

    @extend_schema(request=None, responses=TrackerCheckSerializer)
    @action(detail=True, methods=["post"])
    def check(self, request: Request, pk: str) -> Response:
        """Ask the tracker now."""
        return Response({"problem": actions.check_tracker(actor=self.actor, connection_id=int(pk))})

    @extend_schema(request=None, responses=TrackerSecretSerializer)
    @action(detail=True, methods=["post"], url_path="rotate-secret")
    def rotate_secret(self, request: Request, pk: str) -> Response:
        """A new secret of the webhook; the present one stops at once."""
        secret = actions.rotate_tracker_secret(actor=self.actor, connection_id=int(pk))
        return Response({"secret": secret})

    def _given(self, shape: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        serializer = shape(data=self.request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

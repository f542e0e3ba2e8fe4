"""Silences and maintenance windows."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from alerts import actions
from alerts.api.common import service_id, team_id
from alerts.choices import MatchOp
from alerts.held import is_stale, with_counts
from alerts.models import MaintenanceWindow, Silence
from alerts.recurrence import choice_of, current, following
from core import clock
from core.api.serializers import StrictSerializer, valid
from core.api.views import ActorViewSet


class MatcherSerializer(StrictSerializer):
    """A condition on a label, with the operators of Prometheus; expressions match the whole value."""

    name = serializers.CharField(max_length=200)
    op = serializers.ChoiceField(MatchOp.choices, default=MatchOp.EQUAL)
    value = serializers.CharField(max_length=1000, allow_blank=True, trim_whitespace=False)


class SilenceSerializer(serializers.ModelSerializer[Silence]):
    """A silence of a service or of all services of a team. `holding`: how many alerts it holds right now."""

    service: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(
        "slug", read_only=True, allow_null=True
    )
    team: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(
        "slug", read_only=True, allow_null=True
    )
    matchers = MatcherSerializer(many=True, read_only=True)
    holding = serializers.SerializerMethodField()

    class Meta:
        model = Silence
        fields = (
            "id",
            "service",
            "team",
            "matchers",
            "reason",
            "starts_at",
            "ends_at",
            "holding",
            "created_by",
            "created_at",
        )
        read_only_fields = fields

    def get_holding(self, row: Silence) -> int:
        return getattr(row, "holding", None) or 0


class SilenceInput(StrictSerializer):
    """Name a service or a team, one of them."""

    service = serializers.CharField(max_length=80, required=False)
    team = serializers.CharField(max_length=80, required=False)
    matchers = MatcherSerializer(many=True, required=False)
    reason = serializers.CharField(max_length=300)
    starts_at = serializers.DateTimeField(required=False)
    ends_at = serializers.DateTimeField()


class OccurrenceSerializer(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class WindowSerializer(serializers.ModelSerializer[MaintenanceWindow]):
    """Planned work. `current` and `next`: when it runs; `stale`: recurring, and to be looked at by somebody."""

    service: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField("slug", read_only=True)
    repeat = serializers.SerializerMethodField()
    weekdays = serializers.SerializerMethodField()
    current = serializers.SerializerMethodField()
    next = serializers.SerializerMethodField()
    stale = serializers.SerializerMethodField()
    holding = serializers.SerializerMethodField()

    class Meta:
        model = MaintenanceWindow
        fields = (
            "id",
            "service",
            "reason",
            "starts_at",
            "ends_at",
            "repeat",
            "weekdays",
            "timezone",
            "repeats_until",
            "current",
            "next",
            "stale",
            "holding",
            "created_by",
            "created_at",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(["none", "daily", "weekly", "monthly"]))
    def get_repeat(self, row: MaintenanceWindow) -> str:
        return choice_of(row.rrule)[0]

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_weekdays(self, row: MaintenanceWindow) -> list[int]:
        return choice_of(row.rrule)[1]

    @extend_schema_field(OccurrenceSerializer(allow_null=True))
    def get_current(self, row: MaintenanceWindow) -> Any:
        found = current(row, clock.now())
        return OccurrenceSerializer(found._asdict()).data if found else None

    @extend_schema_field(OccurrenceSerializer(allow_null=True))
    def get_next(self, row: MaintenanceWindow) -> Any:
        found = following(row, clock.now())
        return OccurrenceSerializer(found._asdict()).data if found else None

    def get_stale(self, row: MaintenanceWindow) -> bool:
        return is_stale(row, clock.now())

    def get_holding(self, row: MaintenanceWindow) -> int:
        return getattr(row, "holding", None) or 0


class WindowInput(StrictSerializer):
    """`repeat` with `repeats_until`, at most a year away; `weekdays` (0 is Monday) for weekly."""

    service = serializers.CharField(max_length=80)
    reason = serializers.CharField(max_length=300)
    starts_at = serializers.DateTimeField(required=False)
    ends_at = serializers.DateTimeField()
    repeat = serializers.ChoiceField(["none", "daily", "weekly", "monthly"], required=False, default="none")
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6), required=False, max_length=7
    )
    timezone = serializers.CharField(max_length=64, required=False, default="UTC")
    repeats_until = serializers.DateTimeField(required=False)


class _HoldViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ActorViewSet):
    """What silences and windows share."""

    write_scope = "respond"
    lookup_value_regex = "[0-9]{1,18}"


class SilenceViewSet(_HoldViewSet):
    """What holds alerts back; DELETE ends it now."""

    model = Silence
    serializer_class = SilenceSerializer

    def visible(self) -> QuerySet[Silence]:
        rows = Silence.objects.visible_to(self.actor).select_related("service", "team")
        return with_counts(rows, "silence", self.actor)

    @extend_schema(request=SilenceInput, responses={201: SilenceSerializer})
    def create(self, request: Request) -> Response:
        """Hold back alerts of a service, or of all services of a team, until `ends_at`."""
        data = valid(SilenceInput, request)
        row = actions.add_silence(
            actor=self.actor,
            service_id=service_id(self.actor, data["service"]) if "service" in data else None,
            team_id=team_id(self.actor, data["team"]) if "team" in data else None,
            reason=data["reason"],
            starts_at=data.get("starts_at") or clock.now(),
            ends_at=data["ends_at"],
            matchers=data.get("matchers", []),
        )
        return Response(SilenceSerializer(row).data, status=201)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """End it now."""
        actions.end_silence(actor=self.actor, silence_id=int(pk))
        return Response(status=204)


class WindowViewSet(_HoldViewSet):
    """Maintenance windows of services; DELETE ends it now, with all times it would have come again."""

    model = MaintenanceWindow
    serializer_class = WindowSerializer

    def visible(self) -> QuerySet[MaintenanceWindow]:
        rows = MaintenanceWindow.objects.visible_to(self.actor).select_related("service")
        return with_counts(rows, "window", self.actor)

    @extend_schema(request=WindowInput, responses={201: WindowSerializer})
    def create(self, request: Request) -> Response:
        """Announce planned work on a service, once or again and again."""
        data = valid(WindowInput, request)
        row = actions.add_window(
            actor=self.actor,
            service_id=service_id(self.actor, data["service"]),
            starts_at=data.get("starts_at") or clock.now(),
            **{name: value for name, value in data.items() if name not in ("service", "starts_at")},
        )
        return Response(WindowSerializer(row).data, status=201)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """End it now."""
        actions.end_window(actor=self.actor, window_id=int(pk))
        return Response(status=204)

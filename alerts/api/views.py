from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from alerts import actions, selectors
from alerts.api import serializers as shapes
from alerts.filters import AlertFilter
from alerts.models import Alert, Integration, MaintenanceWindow, Silence
from core import clock
from core.api.views import ActorViewSet
from core.errors import field_error
from services.models import Service
from teams.actor import Actor


def intake_url(integration: Integration, key: str) -> str:
    """Where the source posts."""
    return f"{settings.BASE_URL}/api/v1/intake/{integration.kind}/{key}/"


class AlertViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ActorViewSet):
    """Alerts, newest first."""

    model = Alert
    write_scope = "respond"
    serializer_class = shapes.AlertSerializer
    filterset_class = AlertFilter
    lookup_value_regex = "[0-9]{1,18}"

    def visible(self) -> QuerySet[Alert]:
        rows = selectors.for_list(self.actor)
        return rows.defer(None) if self.action == "retrieve" else rows

    def get_serializer_class(self) -> Any:
        return shapes.AlertDetailSerializer if self.action == "retrieve" else shapes.AlertSerializer

    @extend_schema(request=shapes.AlertSnoozeInput, responses=shapes.AlertSerializer)
    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, pk: str) -> Response:
        """Stop the paging for this alert for some minutes; other firing alerts go on paging."""
        data = _valid(shapes.AlertSnoozeInput, request)
        actions.snooze_alert(actor=self.actor, alert_id=int(pk), minutes=data["minutes"])
        return Response(shapes.AlertSerializer(self.visible().get(pk=int(pk))).data)


class IntegrationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ActorViewSet):
    """Where monitors post. The key is shown once, when it is made."""

    model = Integration
    serializer_class = shapes.IntegrationSerializer
    lookup_value_regex = "[0-9]{1,18}"

    def visible(self) -> QuerySet[Integration]:
        return selectors.integrations(self.actor)

    @extend_schema(request=shapes.IntegrationInput, responses={201: shapes.IntegrationWithKeySerializer})
    def create(self, request: Request) -> Response:
        """Make an integration; the answer holds its key and address, this once."""
        data = _valid(shapes.IntegrationInput, request)
        integration, key = actions.create_integration(
            actor=self.actor,
            name=data["name"],
            kind=data["kind"],
            service_id=service_id(self.actor, data["service"]),
        )
        return _with_key(integration, key, 201)

    @extend_schema(request=shapes.IntegrationPatch, responses=shapes.IntegrationSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Rename, move to another service, switch off or on."""
        data = _valid(shapes.IntegrationPatch, request)
        moved = service_id(self.actor, data["service"]) if "service" in data else None
        row = actions.update_integration(
            actor=self.actor, integration_id=int(pk), name=data.get("name"), service_id=moved
        )
        if "is_active" in data:
            row = actions.set_active(actor=self.actor, integration_id=int(pk), active=data["is_active"])
        return Response(shapes.IntegrationSerializer(row).data)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete one over which nothing ever came."""
        actions.delete_integration(actor=self.actor, integration_id=int(pk))
        return Response(status=204)

    @extend_schema(request=None, responses={201: shapes.IntegrationWithKeySerializer})
    @action(detail=True, methods=["post"], url_path="add-key")
    def add_key(self, request: Request, pk: str) -> Response:
        """A second key, for rotation."""
        integration, key = actions.add_key(actor=self.actor, integration_id=int(pk))
        return _with_key(integration, key, 201)

    @extend_schema(request=None, responses=shapes.IntegrationSerializer)
    @action(detail=True, methods=["post"], url_path="retire-key")
    def retire_key(self, request: Request, pk: str) -> Response:
        """The old key stops working."""
        integration = actions.retire_key(actor=self.actor, integration_id=int(pk))
        return Response(shapes.IntegrationSerializer(integration).data)


class SilenceViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ActorViewSet):
    """What holds alerts back; DELETE ends it now."""

    model = Silence
    serializer_class = shapes.SilenceSerializer
    write_scope = "respond"
    lookup_value_regex = "[0-9]{1,18}"

    def visible(self) -> QuerySet[Silence]:
        return Silence.objects.visible_to(self.actor).select_related("service")

    @extend_schema(request=shapes.SilenceInput, responses={201: shapes.SilenceSerializer})
    def create(self, request: Request) -> Response:
        """Hold back alerts of a service until `ends_at`."""
        data = _valid(shapes.SilenceInput, request)
        row = actions.add_silence(
            actor=self.actor,
            service_id=service_id(self.actor, data["service"]),
            reason=data["reason"],
            starts_at=data.get("starts_at") or clock.now(),
            ends_at=data["ends_at"],
            matchers=data.get("matchers", []),
        )
        return Response(shapes.SilenceSerializer(row).data, status=201)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """End it now."""
        actions.end_silence(actor=self.actor, silence_id=int(pk))
        return Response(status=204)


class WindowViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ActorViewSet):
    """Maintenance windows of services; DELETE ends it now."""

    model = MaintenanceWindow
    serializer_class = shapes.WindowSerializer
    write_scope = "respond"
    lookup_value_regex = "[0-9]{1,18}"

    def visible(self) -> QuerySet[MaintenanceWindow]:
        return MaintenanceWindow.objects.visible_to(self.actor).select_related("service")

    @extend_schema(request=shapes.WindowInput, responses={201: shapes.WindowSerializer})
    def create(self, request: Request) -> Response:
        """Announce planned work on a service."""
        data = _valid(shapes.WindowInput, request)
        row = actions.add_window(
            actor=self.actor,
            service_id=service_id(self.actor, data["service"]),
            reason=data["reason"],
            starts_at=data.get("starts_at") or clock.now(),
            ends_at=data["ends_at"],
        )
        return Response(shapes.WindowSerializer(row).data, status=201)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """End it now."""
        actions.end_window(actor=self.actor, window_id=int(pk))
        return Response(status=204)


def service_id(actor: Actor, name: str) -> int:
    """A visible service by slug or id; `InvalidInput` otherwise."""
    visible = Service.objects.visible_to(actor)
    found = visible.filter(slug=name).values_list("pk", flat=True).first()
    if found is None and name.isdigit() and len(name) < 19:
        found = visible.filter(pk=int(name)).values_list("pk", flat=True).first()
    if found is None:
        raise field_error("service", f"There is no service “{name[:80]}”.")
    return int(found)


def _with_key(integration: Integration, key: str, status: int) -> Response:
    context = {"key": key, "url": intake_url(integration, key)}
    return Response(shapes.IntegrationWithKeySerializer(integration, context=context).data, status=status)


def _valid(shape: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    serializer = shape(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)

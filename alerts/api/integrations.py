"""Integrations: set-up, mapping, what came in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from alerts import actions, mapping, selectors
from alerts.api import serializers as shapes
from alerts.api.common import service_id
from alerts.models import IntakeItem, Integration
from alerts.sources import OFFERED
from alerts.sources.base import intake_url
from core.api.serializers import valid
from core.api.views import ActorViewSet
from core.errors import field_error
from core.strict_json import MAX_DEPTH

MOST_RECEIVED = 50


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
        data = valid(shapes.IntegrationInput, request)
        if data["kind"] not in OFFERED:
            raise field_error("kind", f"One of {', '.join(OFFERED)}.")
        integration, key = actions.create_integration(
            actor=self.actor,
            name=data["name"],
            kind=data["kind"],
            service_id=service_id(self.actor, data["service"]),
        )
        return _with_key(integration, key, 201)

    @extend_schema(request=shapes.IntegrationPatch, responses=shapes.IntegrationSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Rename, move to another service, switch off or on, change how it reads what comes."""
        data = valid(shapes.IntegrationPatch, request)
        moved = service_id(self.actor, data["service"]) if "service" in data else None
        changes = {
            name: value for name, value in data.items() if name not in ("name", "service", "is_active")
        }
        with transaction.atomic():
            row = actions.update_integration(
                actor=self.actor, integration_id=int(pk), name=data.get("name"), service_id=moved, **changes
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

    @extend_schema(request=None, responses={202: None})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        """A test alert, as if the source had sent it."""
        actions.send_test(actor=self.actor, integration_id=int(pk))
        return Response(status=202)

    @extend_schema(request=shapes.TryInput, responses=shapes.TriedSerializer)
    @action(detail=True, methods=["post"], url_path="try-mapping")
    def try_mapping(self, request: Request, pk: str) -> Response:
        """What a mapping would make of a payload; nothing is saved."""
        integration = self.get_object()
        data = valid(shapes.TryInput, request)
        payload = data.get("payload", integration.last_payload)
        if payload is None:
            raise field_error("payload", "Nothing has come in yet: give one.")
        if _depth(payload) > MAX_DEPTH:
            raise field_error("payload", f"At most {MAX_DEPTH} levels.")
        tried = mapping.try_out(data["mapping"], payload)
        found = {"alerts": [each.parsed for each in tried.events], "errors": tried.errors}
        return Response(shapes.TriedSerializer({**found, "ignored": tried.ignored}).data)

    @extend_schema(responses=shapes.ReceivedSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def received(self, request: Request, pk: str) -> Response:
        """The last 50 payloads and what became of each, newest first."""
        rows = IntakeItem.objects.filter(integration=self.get_object()).order_by("-pk")
        return Response(shapes.ReceivedSerializer(rows[:MOST_RECEIVED], many=True).data)

    @extend_schema(request=shapes.ReplayInput, responses=shapes.ReplayedSerializer)
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: str) -> Response:
        """Read again what was not understood, after the mapping was changed."""
        data = valid(shapes.ReplayInput, request)
        many = actions.replay(actor=self.actor, integration_id=int(pk), item_id=data.get("item"))
        return Response(shapes.ReplayedSerializer({"replayed": many}).data)

    @extend_schema(request=shapes.TopicInput, responses=shapes.IntegrationSerializer)
    @action(detail=True, methods=["post"], url_path="confirm-subscription")
    def confirm_subscription(self, request: Request, pk: str) -> Response:
        """Confirm that a topic of SNS may post here."""
        data = valid(shapes.TopicInput, request)
        row = actions.confirm_subscription(actor=self.actor, integration_id=int(pk), topic=data["topic"])
        return Response(shapes.IntegrationSerializer(row).data)


def _depth(value: Any, deep: int = 0) -> int:
    if deep > MAX_DEPTH or not isinstance(value, dict | list):
        return deep
    inner = value.values() if isinstance(value, dict) else value
    return max((_depth(each, deep + 1) for each in inner), default=deep + 1)


def _with_key(integration: Integration, key: str, status: int) -> Response:
    context = {"key": key, "url": intake_url(integration.kind, key, settings.BASE_URL)}
    return Response(shapes.IntegrationWithKeySerializer(integration, context=context).data, status=status)

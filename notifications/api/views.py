"""Contact methods, rules, deliveries and webhooks in the API, through the same actions as the pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api.idempotency import IdempotencyMixin
from core.api.views import ActorViewSet
from notifications import selectors
from notifications.actions import contacts, deliveries, rules, webhooks
from notifications.api import serializers as shapes
from notifications.choices import Category, Channel, DeliveryStatus
from notifications.models import ContactMethod, Delivery, NotificationRule, WebhookSubscription

ID = OpenApiParameter("id", OpenApiTypes.INT, OpenApiParameter.PATH)


class Base(ListModelMixin, RetrieveModelMixin, ActorViewSet):
    """Rows by id."""

    lookup_field = "pk"
    lookup_url_kwarg = "id"
    lookup_value_regex = "[0-9]{1,18}"

    @extend_schema(parameters=[ID])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().retrieve(request, *args, **kwargs)

    def given(self, serializer: Any) -> dict[str, Any]:
        """The validated body."""
        serializer.is_valid(raise_exception=True)
        data: dict[str, Any] = serializer.validated_data
        return data


class ContactMethodViewSet(Base):
    """Ways to reach a person: one's own; admins see all."""

    model = ContactMethod
    queryset = ContactMethod.objects.none()
    serializer_class = shapes.ContactMethodSerializer
    filterset_fields = ("user", "channel")

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """A wrong code must count: an Idempotency-Key would undo the count together with the refusal."""
        if (self.action_map or {}).get("post") == "verify":
            return super(IdempotencyMixin, self).dispatch(request, *args, **kwargs)
        return super().dispatch(request, *args, **kwargs)

    @extend_schema(
        request=shapes.NewContactMethodSerializer, responses={201: shapes.CreatedContactMethodSerializer}
    )
    def create(self, request: Request) -> Response:
        data = self.given(shapes.NewContactMethodSerializer(data=request.data))
        user_id = data.pop("user", self.actor.user_id)
        method, secret = contacts.add_method(actor=self.actor, user_id=user_id, now=clock.now(), **data)
        return Response({**self.get_serializer(method).data, "secret": secret}, status=201)

    @extend_schema(
        parameters=[ID], request=shapes.EnabledSerializer, responses=shapes.ContactMethodSerializer
    )
    def partial_update(self, request: Request, id: str) -> Response:
        data = self.given(shapes.EnabledSerializer(data=request.data))
        method = contacts.set_enabled(
            actor=self.actor, method_id=int(id), enabled=data["enabled"], now=clock.now()
        )
        return Response(self.get_serializer(method).data)

    @extend_schema(parameters=[ID], responses={204: None})
    def destroy(self, request: Request, id: str) -> Response:
        contacts.delete_method(actor=self.actor, method_id=int(id), now=clock.now())
        return Response(status=204)

    @extend_schema(parameters=[ID], request=shapes.CodeSerializer, responses=shapes.ContactMethodSerializer)
    @action(detail=True, methods=["post"])
    def verify(self, request: Request, id: str) -> Response:
        """Prove the method with the code that was sent to it."""
        data = self.given(shapes.CodeSerializer(data=request.data))
        method = contacts.verify(actor=self.actor, method_id=int(id), code=data["code"], now=clock.now())
        return Response(self.get_serializer(method).data)

    @extend_schema(parameters=[ID], request=None, responses={202: shapes.ContactMethodSerializer})
    @action(detail=True, methods=["post"], url_path="send-code")
    def send_code(self, request: Request, id: str) -> Response:
        """Send a new code."""
        method = contacts.start_verification(actor=self.actor, method_id=int(id), now=clock.now())
        return Response(self.get_serializer(method).data, status=202)

    @extend_schema(parameters=[ID], request=None, responses={202: shapes.DeliverySerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, id: str) -> Response:
        """Send a test."""
        row = contacts.send_test(actor=self.actor, method_id=int(id), now=clock.now())
        return Response(_delivery(self, row), status=202)


class RuleViewSet(Base):
    """A person's own steps; without any the defaults count."""

    model = NotificationRule
    queryset = NotificationRule.objects.none()
    serializer_class = shapes.RuleSerializer
    filterset_fields = ("user", "urgency")

    @extend_schema(request=shapes.NewRuleSerializer, responses={201: shapes.RuleSerializer})
    def create(self, request: Request) -> Response:
        data = self.given(shapes.NewRuleSerializer(data=request.data))
        rule = rules.add_rule(
            actor=self.actor,
            user_id=data.get("user", self.actor.user_id),
            urgency=data["urgency"],
            method_id=data["method"],
            delay_minutes=data["delay_minutes"],
        )
        return Response(self.get_serializer(rule).data, status=201)

    @extend_schema(parameters=[ID], responses={204: None})
    def destroy(self, request: Request, id: str) -> Response:
        rules.remove_rule(actor=self.actor, rule_id=int(id))
        return Response(status=204)


class DeliveryFilter(filters.FilterSet):
    status = filters.MultipleChoiceFilter(choices=DeliveryStatus.choices)
    channel = filters.MultipleChoiceFilter(choices=Channel.choices)
    category = filters.MultipleChoiceFilter(choices=Category.choices)
    subject = filters.CharFilter(field_name="subject_key")
    user = filters.NumberFilter(field_name="user_id", min_value=0, max_value=shapes.ID_LIMIT)

    class Meta:
        model = Delivery
        fields = ["status", "channel", "category", "subject", "user"]


class DeliveryViewSet(Base):
    """What was sent, with every attempt: one's own, and of the teams one manages."""

    model = Delivery
    queryset = Delivery.objects.none()
    serializer_class = shapes.DeliverySerializer
    filterset_class = DeliveryFilter

    def visible(self) -> QuerySet[Delivery]:
        return selectors.deliveries(self.actor)

    @extend_schema(parameters=[ID], request=None, responses={202: shapes.DeliverySerializer})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, id: str) -> Response:
        """Send a failed delivery once more, with the same key."""
        row = deliveries.retry_delivery(actor=self.actor, delivery_id=int(id), now=clock.now())
        return Response(_delivery(self, row), status=202)


class WebhookViewSet(Base):
    """Outgoing webhooks of the teams one manages."""

    model = WebhookSubscription
    queryset = WebhookSubscription.objects.none()
    serializer_class = shapes.WebhookSerializer
    filterset_fields = ("active",)

    def visible(self) -> QuerySet[WebhookSubscription]:
        return selectors.webhooks(self.actor)

    @extend_schema(request=shapes.WebhookSerializer, responses={201: shapes.CreatedWebhookSerializer})
    def create(self, request: Request) -> Response:
        data = self.given(self.get_serializer(data=request.data))
        team = data["team"]
        webhook, secret = webhooks.create_webhook(
            actor=self.actor,
            team_id=team.pk if team else None,
            name=data["name"],
            url=data["url"],
            events=data["events"],
        )
        return Response({**self.get_serializer(webhook).data, "secret": secret}, status=201)

    @extend_schema(
        parameters=[ID], request=shapes.WebhookChangeSerializer, responses=shapes.WebhookSerializer
    )
    def partial_update(self, request: Request, id: str) -> Response:
        webhook = self.get_object()
        data = self.given(shapes.WebhookChangeSerializer(webhook, data=request.data, partial=True))
        names = ("name", "url", "events", "active")
        values = {name: data.get(name, getattr(webhook, name)) for name in names}
        changed = webhooks.update_webhook(actor=self.actor, webhook_id=webhook.pk, **values)
        return Response(self.get_serializer(changed).data)

    @extend_schema(parameters=[ID], responses={204: None})
    def destroy(self, request: Request, id: str) -> Response:
        webhooks.delete_webhook(actor=self.actor, webhook_id=int(id))
        return Response(status=204)

    @extend_schema(parameters=[ID], request=None, responses=shapes.SecretSerializer)
    @action(detail=True, methods=["post"], url_path="rotate-secret")
    def rotate_secret(self, request: Request, id: str) -> Response:
        """A new signing secret; the present one stops at once."""
        return Response({"secret": webhooks.rotate_secret(actor=self.actor, webhook_id=int(id))})

    @extend_schema(parameters=[ID], request=None, responses={202: shapes.DeliverySerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, id: str) -> Response:
        """Send the event `webhook.test` to this webhook alone."""
        row = webhooks.send_test_event(actor=self.actor, webhook_id=int(id), now=clock.now())
        return Response(_delivery(self, row), status=202)


def _delivery(view: Base, row: Delivery) -> Any:
    return shapes.DeliverySerializer(row, context=view.get_serializer_context()).data

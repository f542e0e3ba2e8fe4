"""Customer contacts, and messages to them, in the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.pagination import KeysetPagination
from core.api.serializers import StrictSerializer, valid
from core.errors import NotVisible, field_error
from incidents import actions
from incidents.actions.customer_import import ContactRow
from incidents.actions.customers import contacts
from incidents.api.communications import MAX_ID
from incidents.models import CustomerContact, CustomerMessage
from incidents.words import deliveries_of, delivery_data
from oncall.api.base import RoomViewSet
from oncall.api.fields import ReferenceField
from services.models import Service

MOST_AT_ONCE = 1_000


class ContactSerializer(serializers.ModelSerializer[CustomerContact]):
    services = serializers.SlugRelatedField[Service](slug_field="slug", many=True, read_only=True)

    class Meta:
        model = CustomerContact
        fields = ("id", "email", "name", "company", "segment", "language", "services", "active", "created_at")


class ContactInput(StrictSerializer):
    email = serializers.EmailField(max_length=254)
    name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    company = serializers.CharField(max_length=150, required=False, allow_blank=True)
    segment = serializers.CharField(max_length=60, required=False, allow_blank=True)
    language = serializers.CharField(max_length=10, required=False, allow_blank=True)
    services = serializers.ListField(child=ReferenceField(Service, slug=True), required=False, max_length=100)
    active = serializers.BooleanField(required=False)


class BulkRowInput(StrictSerializer):
    email = serializers.CharField(max_length=300)
    name = serializers.CharField(max_length=300, required=False, allow_blank=True)
    company = serializers.CharField(max_length=300, required=False, allow_blank=True)
    segment = serializers.CharField(max_length=300, required=False, allow_blank=True)
    language = serializers.CharField(max_length=300, required=False, allow_blank=True)
    services = serializers.ListField(
        child=serializers.CharField(max_length=80), required=False, max_length=100
    )


class BulkInput(StrictSerializer):
    """Contacts by their address: new ones are made, others get what the row says."""

    contacts = serializers.ListField(child=BulkRowInput(), max_length=MOST_AT_ONCE)


class ContactViewSet(RoomViewSet):
    """People at customers; seen by managers, admins, and whoever may write to customers now."""

    model = CustomerContact
    serializer_class = ContactSerializer
    input_class: Any = ContactInput
    pagination_class = KeysetPagination
    lookup_value_regex = "[0-9]{1,18}"

    def visible(self) -> QuerySet[CustomerContact]:
        return contacts(self.actor).prefetch_related("services")

    def create(self, request: Request) -> Response:
        return self.shown(actions.save_contact(actor=self.actor, **self._values()).pk, 201)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self.get_object()
        actions.save_contact(actor=self.actor, contact_id=row.pk, **self._values(partial=True))
        return self.shown(row.pk)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        actions.delete_contact(actor=self.actor, contact_id=self.get_object().pk)
        return Response(status=204)

    @extend_schema(request=BulkInput, responses=OpenApiTypes.OBJECT)
    @action(detail=False, methods=["put"])
    def bulk(self, request: Request) -> Response:
        """All rows or none: `{created, updated, unchanged}`; `?plan=1` changes nothing and lists `problems`."""
        data = valid(BulkInput, request)
        rows = [ContactRow(line=number, **one) for number, one in enumerate(data["contacts"], 1)]
        if not rows:
            raise field_error("contacts", "There are no rows.")
        if request.query_params.get("plan") == "1":
            plan = actions.plan_rows(actor=self.actor, rows=rows)
            problems = [{"row": row.line, "email": row.email, "reasons": row.faults} for row in plan.faulty]
            return Response({**plan.counts, "problems": problems})
        return Response(actions.apply_rows(actor=self.actor, rows=rows).counts)

    def _values(self, *, partial: bool = False) -> dict[str, Any]:
        data = self.checked(partial=partial)
        if "services" in data:
            data["service_ids"] = data.pop("services")
        return data


class MessageSerializer(serializers.ModelSerializer[CustomerMessage]):
    author = serializers.CharField(source="author_label")

    class Meta:
        model = CustomerMessage
        fields = ("id", "subject", "body", "template", "author", "written_at", "sent_at", "withdrawn_at")


class MessageInput(StrictSerializer):
    template = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    services = serializers.ListField(
        child=serializers.CharField(max_length=80), required=False, max_length=50
    )
    company = serializers.CharField(max_length=150, required=False, allow_blank=True)
    segment = serializers.CharField(max_length=60, required=False, allow_blank=True)
    expected = serializers.IntegerField(min_value=0, max_value=100_000, required=False)


class WithdrawInput(StrictSerializer):
    message = serializers.IntegerField(min_value=1, max_value=MAX_ID)


class CustomerVerbs:
    """Part of the incident view set."""

    @extend_schema(request=MessageInput, responses={201: MessageSerializer})
    @action(
        detail=True,
        methods=["get", "post"],
        url_path="customer-messages",
        pagination_class=None,
        filterset_class=None,
    )
    def customer_messages(self: Any, request: Request, number: str) -> Response:
        """Messages to named customers; POST writes one with an approved template. It leaves after a minute."""
        if request.method == "POST":
            data = valid(MessageInput, request)
            if "services" in data:
                data["service_ids"] = self._service_ids(data.pop("services"))
            data["template_id"] = data.pop("template")
            row = actions.contact_customers(actor=self.actor, number=int(number), **data)
            return Response(MessageSerializer(row).data, status=status.HTTP_201_CREATED)
        rows = CustomerMessage.objects.filter(incident=self._permitted("contact_customers"))
        return Response({"results": MessageSerializer(rows[:200], many=True).data})

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(
        detail=True,
        methods=["get"],
        url_path="customer-messages/(?P<message_id>[0-9]{1,18})/deliveries",
        pagination_class=None,
        filterset_class=None,
    )
    def customer_deliveries(self: Any, request: Request, number: str, message_id: str) -> Response:
        """What became of each message: `results: [{name, channel, status, reason, sent_at}]`."""
        incident = self._permitted("contact_customers")
        row = CustomerMessage.objects.filter(incident=incident, pk=int(message_id)).first()
        if row is None:
            raise NotVisible
        found = deliveries_of(incident, row.source)
        return Response({"results": [{**delivery_data(one), "name": one.address} for one in found]})

    @extend_schema(request=WithdrawInput, responses=MessageSerializer)
    @action(detail=True, methods=["post"], url_path="withdraw-customer-message")
    def withdraw_customer_message(self: Any, request: Request, number: str) -> Response:
        """Take back what has not left; 409 when all of it has."""
        data = valid(WithdrawInput, request)
        row = actions.withdraw_message(actor=self.actor, number=int(number), message_id=data["message"])
        return Response(MessageSerializer(row).data)

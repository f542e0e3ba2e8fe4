"""`check-locations/`."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.actions import check_locations as actions
from alerts.checks import selectors
from alerts.models import CheckLocation
from core.api.serializers import StrictSerializer, valid
from core.api.views import ActorViewSet


class CheckLocationSerializer(serializers.ModelSerializer[CheckLocation]):
    """Where checks are made from. `has_token`: a worker elsewhere serves it; else this installation does."""

    has_token = serializers.SerializerMethodField()
    checks = serializers.SerializerMethodField()

    class Meta:
        model = CheckLocation
        fields: tuple[str, ...] = (
            "id",
            "name",
            "is_active",
            "has_token",
            "token_hint",
            "last_seen_at",
            "checks",
            "created_at",
        )
        read_only_fields: tuple[str, ...] = fields

    def get_has_token(self, row: CheckLocation) -> bool:
        return row.token_digest is not None

    def get_checks(self, row: CheckLocation) -> int:
        """How many checks are made from here."""
        return int(getattr(row, "checks_made", 0))


class CheckLocationWithTokenSerializer(CheckLocationSerializer):
    """`token` is given once, in the answer that made it."""

    token = serializers.SerializerMethodField()

    class Meta(CheckLocationSerializer.Meta):
        fields = (*CheckLocationSerializer.Meta.fields, "token")
        read_only_fields = fields

    def get_token(self, row: CheckLocation) -> str:
        return str(self.context["token"])


class CheckLocationInput(StrictSerializer):
    name = serializers.CharField(max_length=60)


class CheckLocationPatch(StrictSerializer):
    name = serializers.CharField(max_length=60, required=False)
    is_active = serializers.BooleanField(required=False)


class CheckLocationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ActorViewSet):
    """Where checks are made from. Everybody signed in may choose among them; admins set them up."""

    model = CheckLocation
    serializer_class = CheckLocationSerializer
    lookup_value_regex = "[0-9]{1,18}"

    def visible(self) -> QuerySet[CheckLocation]:
        return selectors.locations()

    def get_queryset(self) -> QuerySet[CheckLocation]:
        rows = self.visible()
        return rows.none() if getattr(self, "swagger_fake_view", False) else rows

    @extend_schema(request=CheckLocationInput, responses={201: CheckLocationWithTokenSerializer})
    def create(self, request: Request) -> Response:
        """Make a location that a worker elsewhere serves; the answer holds its token, this once."""
        row, token = actions.save_location(
            actor=self.actor, with_token=True, **valid(CheckLocationInput, request)
        )
        return Response(CheckLocationWithTokenSerializer(row, context={"token": token}).data, status=201)

    @extend_schema(request=CheckLocationPatch, responses=CheckLocationSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Rename it, switch it off or on. Switched off, its token is refused."""
        row = self.get_object()
        fields = {"name": row.name, "is_active": row.is_active} | valid(CheckLocationPatch, request)
        actions.save_location(actor=self.actor, location_id=row.pk, **fields)
        return Response(CheckLocationSerializer(self.get_object()).data)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Refused while a check would be left with too few locations."""
        actions.delete_location(actor=self.actor, location_id=int(pk))
        return Response(status=204)

    @extend_schema(request=None, responses={201: CheckLocationWithTokenSerializer})
    @action(detail=True, methods=["post"], url_path="new-token")
    def new_token(self, request: Request, pk: str) -> Response:
        """A new token; the old one is refused at once."""
        row, token = actions.renew_location_token(actor=self.actor, location_id=int(pk))
        return Response(CheckLocationWithTokenSerializer(row, context={"token": token}).data, status=201)

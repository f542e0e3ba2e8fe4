"""The accounts behind channels in the API, for admins: set up, tried, switched off, forgotten."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api.serializers import StrictSerializer
from core.api.views import ActorViewSet
from core.errors import InvalidInput, NotVisible
from notifications.actions import providers
from notifications.api.serializers import EnabledSerializer
from notifications.models import ProviderAccount


class ProviderSerializer(serializers.Serializer[Any]):
    """`settings`: what is stored, secrets by their last characters alone. `failure`: why the provider last
    refused them, "" when it did not or was not asked (`checked_at` null)."""

    provider = serializers.CharField()
    name = serializers.CharField(source="get_provider_display")
    enabled = serializers.BooleanField()
    settings = serializers.SerializerMethodField()
    checked_at = serializers.DateTimeField(allow_null=True)
    failure = serializers.CharField()
    updated_at = serializers.DateTimeField()

    def get_settings(self, row: ProviderAccount) -> dict[str, str]:
        return providers.masked(row)


class ProviderSettingsSerializer(StrictSerializer):
    """Twilio takes account_sid, auth_token, from_number, messaging_service_sid; Slack takes bot_token,
    signing_secret; both api_base, for a server that stands in for theirs. A secret left out keeps its value.
    """

    account_sid = serializers.CharField(required=False, allow_blank=True, max_length=100)
    auth_token = serializers.CharField(required=False, allow_blank=True, max_length=300)
    from_number = serializers.CharField(required=False, allow_blank=True, max_length=40)
    messaging_service_sid = serializers.CharField(required=False, allow_blank=True, max_length=100)
    bot_token = serializers.CharField(required=False, allow_blank=True, max_length=300)
    signing_secret = serializers.CharField(required=False, allow_blank=True, max_length=300)
    api_base = serializers.CharField(required=False, allow_blank=True, max_length=300)


class ProviderViewSet(ActorViewSet):
    """Providers that are set up, by name: `twilio` or `slack`. Admins only."""

    model = ProviderAccount
    queryset = ProviderAccount.objects.none()
    serializer_class = ProviderSerializer
    lookup_field = "provider"
    lookup_value_regex = "|".join(providers.FIELDS)
    pagination_class = None
    filter_backends = ()

    def get_queryset(self) -> Any:
        """Rows for admins of the whole installation; push keeps its keys by itself and is not among them."""
        rows = ProviderAccount.objects.filter(provider__in=providers.FIELDS)
        fake = getattr(self, "swagger_fake_view", False)
        return rows if not fake and self.actor.is_admin and self.actor.bound_team_id is None else rows.none()

    def list(self, request: Request) -> Response:
        if not self.actor.is_admin or self.actor.bound_team_id is not None:
            raise NotVisible
        return Response({"results": ProviderSerializer(self.get_queryset(), many=True).data})

    def retrieve(self, request: Request, provider: str) -> Response:
        return self._shown(self.get_object())

    @extend_schema(request=ProviderSettingsSerializer, responses=ProviderSerializer)
    def update(self, request: Request, provider: str) -> Response:
        """Set it up, or change its settings; switches it on."""
        given = ProviderSettingsSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        known = providers.FIELDS[provider]
        foreign = {
            name: [f"Does not belong to {provider}."] for name in given.validated_data if name not in known
        }
        if foreign:
            raise InvalidInput(fields=foreign)
        row = providers.save_provider(
            actor=self.actor, provider=provider, values=given.validated_data, now=clock.now()
        )
        return self._shown(row)

    @extend_schema(request=EnabledSerializer, responses=ProviderSerializer)
    def partial_update(self, request: Request, provider: str) -> Response:
        """Switch it off or on; its settings stay."""
        given = EnabledSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return self._shown(
            providers.set_provider_enabled(
                actor=self.actor,
                provider=provider,
                enabled=given.validated_data["enabled"],
                now=clock.now(),
            )
        )

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, provider: str) -> Response:
        """Forget the settings with their secrets."""
        providers.remove_provider(actor=self.actor, provider=provider)
        return Response(status=204)

    @extend_schema(request=None, responses=ProviderSerializer)
    @action(detail=True, methods=["post"])
    def test(self, request: Request, provider: str) -> Response:
        """Ask the provider whether it takes the settings; sends nothing to anybody. See `failure`."""
        return self._shown(providers.test_provider(actor=self.actor, provider=provider, now=clock.now()))

    def _shown(self, row: ProviderAccount) -> Response:
        return Response(ProviderSerializer(row).data)

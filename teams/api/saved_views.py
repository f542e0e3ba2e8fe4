"""Saved views in the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.serializers import StrictSerializer
from core.api.views import ActorViewSet
from teams.actions.saved_views import delete_view, save_view
from teams.api.serializers import TeamRefField
from teams.models import SavedView
from teams.saved_views import PAGES


class SavedViewSerializer(serializers.ModelSerializer[SavedView]):
    team = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    url = serializers.CharField(source="address", read_only=True)

    class Meta:
        model = SavedView
        fields = ["id", "page", "name", "query", "team", "user", "url", "created_at"]
        read_only_fields = fields


class SavedViewInput(StrictSerializer):
    page = serializers.ChoiceField(choices=[(name, name) for name in PAGES])
    name = serializers.CharField(max_length=60)
    query = serializers.CharField(max_length=4000, help_text="The filters as in the list's address.")
    team = TeamRefField(required=False, allow_null=True)


class SavedViewViewSet(ListModelMixin, RetrieveModelMixin, ActorViewSet):
    """Filters of a list under a name: the caller's own, and those shared with their teams."""

    model = SavedView
    queryset = SavedView.objects.none()
    serializer_class = SavedViewSerializer
    filterset_fields = ("page",)
    write_scope = "respond"
    lookup_value_regex = "[0-9]{1,18}"

    def visible(self) -> QuerySet[Any]:
        return super().visible().select_related("team")

    @extend_schema(request=SavedViewInput, responses={201: SavedViewSerializer, 200: SavedViewSerializer})
    def create(self, request: Request) -> Response:
        """Save one; the same name on the same page replaces it (200)."""
        given = SavedViewInput(data=request.data, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        data = given.validated_data
        team = data.get("team")
        view, new = save_view(
            actor=self.actor,
            page=data["page"],
            name=data["name"],
            query=data["query"],
            team_id=team.pk if team else None,
        )
        return Response(SavedViewSerializer(view).data, status=201 if new else 200)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete one's own, or as a manager one shared with the team."""
        delete_view(actor=self.actor, view_id=int(pk))
        return Response(status=204)

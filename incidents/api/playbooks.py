"""`playbooks/`: plans, their versions and tests."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.pagination import KeysetPagination
from core.api.serializers import valid
from core.api.views import ActorViewSet
from core.errors import NotVisible, field_error
from incidents import actions, tasklists
from incidents.api import task_shapes as shapes
from incidents.api.serializers import EmptyInput
from incidents.models import IncidentType, Playbook


class ById(KeysetPagination):
    ordering = "id"


class PlaybookViewSet(ActorViewSet):
    """Playbooks by id. Seen as their team is; written by its managers, the organisation's by admins."""

    model = Playbook
    serializer_class = shapes.PlaybookSerializer
    pagination_class = ById
    lookup_value_regex = "[0-9]{1,18}"

    def visible(self) -> Any:
        return tasklists.for_playbooks(self.actor)

    def list(self, request: Request) -> Response:
        """All one may see, those out of use included."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self._shown(page))

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(self._shown([self.get_object()])[0])

    @extend_schema(request=shapes.PlaybookInput, responses={201: shapes.PlaybookSerializer})
    def create(self, request: Request) -> Response:
        """With `tasks` also its first version. Without `team` it is the organisation's."""
        data = self._typed(valid(shapes.PlaybookInput, request))
        data["team_id"] = data.pop("team", None)
        playbook = actions.create_playbook(actor=self.actor, **data)
        return self._answer(playbook.pk, status.HTTP_201_CREATED)

    @extend_schema(request=shapes.PlaybookChange, responses=shapes.PlaybookSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is said about it; its tasks change by `versions/`."""
        playbook = self.get_object()
        actions.edit_playbook(
            actor=self.actor,
            playbook_id=playbook.pk,
            **self._typed(valid(shapes.PlaybookChange, request)),
        )
        return self._answer(playbook.pk)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take it out of use; what ran keeps its tasks."""
        actions.retire_playbook(actor=self.actor, playbook_id=self.get_object().pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(methods=["GET"], request=None, responses=shapes.VersionSerializer(many=True))
    @extend_schema(methods=["POST"], request=shapes.VersionInput, responses={201: shapes.VersionSerializer})
    @action(detail=True, methods=["get", "post"], pagination_class=None)
    def versions(self, request: Request, pk: str) -> Response:
        """The versions, newest first; or publish the next one. The same tasks again give the newest."""
        playbook = self.get_object()
        if request.method == "POST":
            data = valid(shapes.VersionInput, request)
            version = actions.publish_version(actor=self.actor, playbook_id=playbook.pk, **data)
            return Response(shapes.VersionSerializer(version).data, status=status.HTTP_201_CREATED)
        rows = playbook.versions.order_by("-number")[:100]
        return Response({"results": shapes.VersionSerializer(rows, many=True).data})

    @extend_schema(request=EmptyInput, responses=shapes.PlaybookSerializer)
    @action(detail=True, methods=["post"])
    def tested(self, request: Request, pk: str) -> Response:
        """Somebody went through it today and it fits."""
        playbook = self.get_object()
        valid(EmptyInput, request)
        actions.mark_tested(actor=self.actor, playbook_id=playbook.pk)
        return self._answer(playbook.pk)

    def _typed(self, data: dict[str, Any]) -> dict[str, Any]:
        """The type by its key becomes its id."""
        if "type" not in data:
            return data
        key = data.pop("type")
        found = IncidentType.objects.filter(key=key).values_list("pk", flat=True).first() if key else None
        if key and found is None:
            raise field_error("type", f"There is no type “{key[:40]}”.")
        return data | {"type_id": found}

    def _answer(self, pk: int, code: int = 200) -> Response:
        row = self.visible().filter(pk=pk).first()
        if row is None:
            raise NotVisible
        return Response(self._shown([row])[0], status=code)

    def _shown(self, rows: Any) -> Any:
        versions = tasklists.newest_versions([row.pk for row in rows])
        context = {**self.get_serializer_context(), "versions": versions}
        return shapes.PlaybookSerializer(rows, many=True, context=context).data

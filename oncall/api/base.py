"""What the views of this room and the next share."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from core.api.schema import AutoSchema
from core.api.views import ActorViewSet
from core.errors import field_error
from teams.actor import Actor

WHOLE_LIST = {"next": None, "previous": None}


def actor_of(request: Request) -> Actor:
    """Whoever the authentication found."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def whole(results: list[Any], **more: Any) -> Response:
    """A list that is never paged, in the shape of one that is."""
    return Response({"results": results, **WHOLE_LIST, **more})


def body_of(request: Request) -> dict[str, Any]:
    """The body, which must be a JSON object."""
    if not isinstance(request.data, dict):
        raise field_error("body", "A JSON object is needed.")
    return dict(request.data)


class RoomSchema(AutoSchema):
    """Documents what a view takes by its `input_class`, which differs from what it gives."""

    def get_request_serializer(self) -> Any:
        if self.method in ("POST", "PUT", "PATCH") and hasattr(self.view, "input_class"):
            return self.view.input_class
        return super().get_request_serializer()


class RoomViewSet(ActorViewSet):
    """CRUD by actions: the subclass has `serializer_class`, `input_class` and does the writing."""

    schema = RoomSchema()
    input_class: type[BaseSerializer[Any]]

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.partial_update(request, *args, **kwargs)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        raise Http404

    def checked(
        self, shape: type[BaseSerializer[Any]] | None = None, *, partial: bool = False
    ) -> dict[str, Any]:
        """The body cleaned by `shape`, else by `input_class`; DRF's validation error, answered as 400 with field
        paths, otherwise.
        """
        body_of(self.request)
        context = {"request": self.request}
        serializer = (shape or self.input_class)(data=self.request.data, partial=partial, context=context)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def shown(self, pk: int, status: int = 200) -> Response:
        """The object as it is now."""
        return Response(self.get_serializer(self.get_queryset().get(pk=pk)).data, status=status)

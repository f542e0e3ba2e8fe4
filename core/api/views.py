"""Base views of the REST API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.viewsets import GenericViewSet

from core.api.idempotency import IdempotencyMixin


class ActorViewSet(IdempotencyMixin, GenericViewSet[Any]):
    """Rows come from `model.objects.visible_to(request.actor)`, so what one may not see is a 404.

    `read_scope` / `write_scope`: which token scope GET and the other methods need.
    """

    model: Any = None
    read_scope = "read"
    write_scope = "manage"

    @property
    def actor(self) -> Any:
        return self.request.actor  # type: ignore[attr-defined]

    def visible(self) -> QuerySet[Any]:
        """The rows the actor may see, with what the serializer needs."""
        return self.model.objects.visible_to(self.actor)

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return self.model.objects.none()
        return self.visible()

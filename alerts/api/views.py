from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from alerts import actions, selectors
from alerts.api import serializers as shapes
from alerts.filters import AlertFilter
from alerts.models import Alert
from core.api.serializers import valid
from core.api.views import ActorViewSet


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
        data = valid(shapes.AlertSnoozeInput, request)
        actions.snooze_alert(actor=self.actor, alert_id=int(pk), minutes=data["minutes"])
        return Response(shapes.AlertSerializer(self.visible().get(pk=int(pk))).data)

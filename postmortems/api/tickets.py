"""`action-items/<id>/ticket/`: the issue of an item."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.serializers import StrictSerializer
from postmortems.actions import tickets as actions
from postmortems.api.item_shapes import MAX_ID, ActionItemSerializer
from postmortems.models import ActionItem


class ItemTicketInput(StrictSerializer):
    """`confirm`: needed for a confidential incident, whose words leave the house by this."""

    connection = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    confirm = serializers.BooleanField(required=False, default=False)


class TicketVerbs:
    """Part of the view set of action items."""

    @extend_schema(methods=["post"], request=ItemTicketInput, responses={201: ActionItemSerializer})
    @extend_schema(methods=["delete"], responses={204: None})
    @action(detail=True, methods=["post", "delete"], filterset_class=None)
    def ticket(self: Any, request: Request, pk: str) -> Response:
        """Have an issue made for it, or unlink the one it has; the issue itself stays."""
        if request.method == "DELETE":
            actions.unlink_ticket(actor=self.actor, item_id=int(pk))
            return Response(status=204)
        given = ItemTicketInput(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        actions.link_ticket(
            actor=self.actor, item_id=int(pk), connection_id=data["connection"], confirm=data["confirm"]
        )
        item = ActionItem.objects.select_related("incident", "team", "ticket").get(pk=int(pk))
        return Response(ActionItemSerializer(item).data, status=201)

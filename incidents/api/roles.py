"""`roles/` as they are set up, and what is done with them in an incident."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.serializers import valid
from core.api.views import ActorViewSet
from core.errors import NotVisible
from incidents import actions
from incidents.api import task_shapes as shapes
from incidents.api.serializers import EmptyInput, IncidentSerializer
from incidents.models import RoleDefinition
from incidents.tasklists import definitions, open_offers
from oncall.models import Schedule

_OFFER = r"role-offers/(?P<offer_id>[0-9]{1,18})"


class RoleVerbs(ActorViewSet):
    """Mixed into `IncidentViewSet`."""

    def _answer(self, number: int, code: int = 200) -> Response:
        raise NotImplementedError

    @extend_schema(request=shapes.OfferInput, responses={201: shapes.OfferSerializer})
    @action(detail=True, methods=["post"], url_path="offer-role")
    def offer_role(self, request: Request, number: str) -> Response:
        """Hand a role over with a note; whoever holds it keeps it until the other one accepts."""
        data = valid(shapes.OfferInput, request)
        offer = actions.offer_role(
            actor=self.actor,
            number=int(number),
            role=data["role"],
            user_id=data["user"],
            note=data.get("note", ""),
        )
        return Response(shapes.OfferSerializer(offer).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=shapes.OfferSerializer(many=True))
    @action(detail=True, methods=["get"], url_path="role-offers", pagination_class=None, filterset_class=None)
    def role_offers(self, request: Request, number: str) -> Response:
        """The offers nobody has answered yet."""
        rows = open_offers(self.get_object())
        return Response({"results": shapes.OfferSerializer(rows, many=True).data})

    @extend_schema(request=shapes.OfferAnswerInput, responses=shapes.OfferSerializer)
    @action(detail=True, methods=["post"], url_path=f"{_OFFER}/answer")
    def role_offer_answer(self, request: Request, number: str, offer_id: str) -> Response:
        """Accept or decline; only the person asked. 409 when it was answered otherwise."""
        data = valid(shapes.OfferAnswerInput, request)
        offer = actions.answer_offer(actor=self.actor, number=int(number), offer_id=int(offer_id), **data)
        return Response(shapes.OfferSerializer(offer).data)

    @extend_schema(request=EmptyInput, responses=shapes.OfferSerializer)
    @action(detail=True, methods=["post"], url_path=f"{_OFFER}/withdraw")
    def role_offer_withdraw(self, request: Request, number: str, offer_id: str) -> Response:
        """Take an offer back."""
        valid(EmptyInput, request)
        offer = actions.withdraw_offer(actor=self.actor, number=int(number), offer_id=int(offer_id))
        return Response(shapes.OfferSerializer(offer).data)

    @extend_schema(request=shapes.BackupInput, responses=shapes.AssignmentSerializer)
    @action(detail=True, methods=["post"], url_path="set-backup")
    def set_backup(self, request: Request, number: str) -> Response:
        """Name who takes a role over when its holder is on leave; null: nobody. 409 when nobody holds it."""
        data = valid(shapes.BackupInput, request)
        row = actions.set_role_backup(
            actor=self.actor,
            number=int(number),
            role=data["role"],
            user_id=data.get("user"),
            backup_id=data["backup"],
        )
        return Response(shapes.AssignmentSerializer(row).data)

    @extend_schema(request=shapes.CallInput, responses=IncidentSerializer)
    @action(detail=True, methods=["post"], url_path="call-role")
    def call_role(self, request: Request, number: str) -> Response:
        """Fill a role from its own schedule and page whoever gets it."""
        data = valid(shapes.CallInput, request)
        actions.call_role(actor=self.actor, number=int(number), **data)
        return self._answer(int(number))

    @extend_schema(request=shapes.JoinInput, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def join(self, request: Request, number: str) -> Response:
        """Take part as responder, or look on as observer."""
        actions.join(actor=self.actor, number=int(number), **valid(shapes.JoinInput, request))
        return self._answer(int(number))

    @extend_schema(request=EmptyInput, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def leave(self, request: Request, number: str) -> Response:
        """Put one's own roles down. 409 for the commander, who hands over first."""
        valid(EmptyInput, request)
        actions.leave(actor=self.actor, number=int(number))
        return self._answer(int(number))


class RoleDefinitionViewSet(ActorViewSet):
    """The roles of the organisation by key: read by everybody, written by admins."""

    model = RoleDefinition
    queryset = RoleDefinition.objects.all()
    serializer_class = shapes.RoleDefinitionSerializer
    pagination_class = None
    lookup_field = "key"
    lookup_value_regex = "[-a-z0-9_]{1,20}"

    def visible(self) -> Any:
        return RoleDefinition.objects.all()

    def get_queryset(self) -> Any:
        return self.visible()

    def list(self, request: Request) -> Response:
        """All roles, in their order."""
        return Response({"results": self._shown(definitions()), "next": None, "previous": None})

    def retrieve(self, request: Request, key: str) -> Response:
        return self._answer(key)

    @extend_schema(request=shapes.RoleDefinitionInput, responses={201: shapes.RoleDefinitionSerializer})
    def create(self, request: Request) -> Response:
        """A role of one's own."""
        data = self._valid(shapes.RoleDefinitionInput)
        row = actions.add_role_definition(actor=self.actor, **data)
        return self._answer(row.key, status.HTTP_201_CREATED)

    @extend_schema(request=shapes.RoleDefinitionChange, responses=shapes.RoleDefinitionSerializer)
    def partial_update(self, request: Request, key: str) -> Response:
        """Change card, rank, starter tasks and schedules."""
        actions.edit_role_definition(actor=self.actor, key=key, **self._valid(shapes.RoleDefinitionChange))
        return self._answer(key)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, key: str) -> Response:
        """Remove a role of one's own that was never used; 409 otherwise."""
        actions.delete_role_definition(actor=self.actor, key=key)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _valid(self, shape: Any) -> dict[str, Any]:
        data = valid(shape, self.request)
        for name in ("schedule", "backup_schedule"):
            if name in data:
                data[f"{name}_id"] = data.pop(name)
        return data

    def _answer(self, key: str, code: int = 200) -> Response:
        row = RoleDefinition.objects.filter(pk=key).first()
        if row is None:
            raise NotVisible
        return Response(self._shown([row])[0], status=code)

    def _shown(self, rows: Any) -> Any:
        seen = set(Schedule.objects.visible_to(self.actor).values_list("pk", flat=True))
        return shapes.RoleDefinitionSerializer(rows, many=True, context={"schedules": seen}).data

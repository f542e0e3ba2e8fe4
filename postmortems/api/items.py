"""`action-items/`."""

from __future__ import annotations

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api.serializers import valid
from core.api.views import ActorViewSet
from core.errors import NotVisible
from postmortems import actions
from postmortems.api import item_shapes as shapes
from postmortems.api.tickets import TicketVerbs
from postmortems.choices import ItemClass, ItemStatus
from postmortems.models import ActionItem


class ActionItemFilter(filters.FilterSet):
    """`overdue=1`: open and due before today (UTC)."""

    status = filters.MultipleChoiceFilter(choices=ItemStatus.choices)
    owner = filters.NumberFilter(field_name="owner_id", min_value=1, max_value=shapes.MAX_ID)
    team = filters.CharFilter(field_name="team__slug", max_length=60)
    overdue = filters.BooleanFilter(method="only_overdue")
    postmortem = filters.NumberFilter(field_name="postmortem_id", min_value=1, max_value=shapes.MAX_ID)
    incident = filters.NumberFilter(field_name="incident__number", min_value=1, max_value=2**31 - 1)

    class Meta:
        model = ActionItem
        fields: list[str] = []

    def only_overdue(self, rows: QuerySet[ActionItem], name: str, value: bool) -> QuerySet[ActionItem]:
        overdue = ActionItem.objects.overdue(clock.now().date())
        return rows.filter(pk__in=overdue.values("pk")) if value else rows


# `class`, which Python cannot spell as an attribute.
ActionItemFilter.base_filters["class"] = filters.MultipleChoiceFilter(
    field_name="item_class", choices=ItemClass.choices
)


class ActionItemViewSet(TicketVerbs, mixins.ListModelMixin, mixins.RetrieveModelMixin, ActorViewSet):
    """Action items; owner and date are required, except in a postmortem that is still a draft."""

    model = ActionItem
    serializer_class = shapes.ActionItemSerializer
    filterset_class = ActionItemFilter
    write_scope = "respond"
    lookup_value_regex = "[0-9]{1,18}"

    def visible(self) -> QuerySet[ActionItem]:
        rows = ActionItem.objects.visible_to(self.actor)
        return rows.select_related("incident", "team", "ticket")  # type: ignore[no-any-return]

    @extend_schema(request=shapes.ActionItemInput, responses={201: shapes.ActionItemSerializer})
    def create(self, request: Request) -> Response:
        """A new action item of a postmortem or an incident."""
        data = {"owner_id": None, "due_on": None} | valid(shapes.ActionItemInput, request)
        item = actions.create_item(actor=self.actor, **data)
        return Response(shapes.ActionItemSerializer(item).data, status=201)

    @extend_schema(request=shapes.ActionItemPatch, responses=shapes.ActionItemSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is given; *wont_do* needs a reason, and is a request from who may not decide it."""
        changes = valid(shapes.ActionItemPatch, request)
        item = actions.update_item(actor=self.actor, item_id=int(pk), **changes)
        return _item(item)

    @extend_schema(request=None, responses=shapes.ActionItemSerializer)
    @action(detail=True, methods=["post"], url_path="approve-drop", filterset_class=None)
    def approve_drop(self, request: Request, pk: str) -> Response:
        """It will not be done: for managers of its team and admins."""
        return _item(actions.approve_drop(actor=self.actor, item_id=int(pk)))

    @extend_schema(request=shapes.ItemRefuseInput, responses=shapes.ActionItemSerializer)
    @action(detail=True, methods=["post"], url_path="refuse-drop", filterset_class=None)
    def refuse_drop(self, request: Request, pk: str) -> Response:
        """It stays to be done."""
        data = valid(shapes.ItemRefuseInput, request)
        return _item(actions.refuse_drop(actor=self.actor, item_id=int(pk), **data))

    @extend_schema(request=shapes.ItemSnoozeInput, responses=shapes.ActionItemSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def snooze(self, request: Request, pk: str) -> Response:
        """No reminder before a day."""
        data = valid(shapes.ItemSnoozeInput, request)
        return _item(actions.snooze_item(actor=self.actor, item_id=int(pk), **data))

    @extend_schema(methods=["get"], responses=shapes.ItemNoteSerializer(many=True))
    @extend_schema(methods=["post"], request=shapes.ItemNoteInput, responses={201: shapes.ItemNoteSerializer})
    @action(detail=True, methods=["get", "post"], filterset_class=None)
    def notes(self, request: Request, pk: str) -> Response:
        """What happened to it and what was said; say something."""
        if request.method == "POST":
            data = valid(shapes.ItemNoteInput, request)
            note = actions.add_item_note(actor=self.actor, item_id=int(pk), **data)
            return Response(shapes.ItemNoteSerializer(note).data, status=201)
        item = ActionItem.objects.visible_to(self.actor).filter(pk=int(pk)).first()
        if item is None:
            raise NotVisible
        page = self.paginate_queryset(item.notes.all())
        return self.get_paginated_response(shapes.ItemNoteSerializer(page, many=True).data)


def _item(item: ActionItem) -> Response:
    return Response(shapes.ActionItemSerializer(item).data)

"""`objectives/`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.actions import objectives as actions
from alerts.api.common import service_id
from alerts.choices import Burning, ObjectiveSource
from alerts.models import Objective
from alerts.slo import selectors
from alerts.slo.burn import WINDOWS
from core import clock
from core.api.serializers import StrictSerializer, valid
from core.api.views import ActorViewSet


class ObjectiveSerializer(serializers.ModelSerializer[Objective]):
    """An objective with the figures of its last evaluation.

    `target` in percent; `sli` a fraction 0..1; `budget_left` a fraction of the error budget, below 0 when more is
    spent. `rates`: burn rate by the length it is measured over, in seconds. Null: nothing was measured.
    """

    service: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField("slug", read_only=True)
    team: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField("slug", read_only=True)
    target = serializers.FloatField(read_only=True)
    window_days = serializers.IntegerField(read_only=True)
    rates = serializers.DictField(child=serializers.FloatField(allow_null=True), read_only=True)
    burning = serializers.ChoiceField(Burning.choices, read_only=True)

    class Meta:
        model = Objective
        fields = (
            "id",
            "name",
            "description",
            "service",
            "team",
            "target",
            "window_days",
            "source",
            "pages",
            "is_enabled",
            "external_id",
            "sli",
            "budget_left",
            "rates",
            "burning",
            "burning_since",
            "evaluated_at",
            "integration",
            "created_at",
        )
        read_only_fields = fields


class ObjectivePatch(StrictSerializer):
    """`target`: percent, above 50 and below 100, at most four digits after the point. `pages`: a fast burn opens an
    incident of high urgency, a slow one of low. `is_enabled`: false to switch it off."""

    name = serializers.CharField(max_length=120, required=False)
    description = serializers.CharField(max_length=500, required=False, allow_blank=True)
    service = serializers.CharField(max_length=80, required=False)
    target = serializers.DecimalField(
        max_digits=6,
        decimal_places=4,
        min_value=Decimal(50),
        max_value=Decimal(100),
        coerce_to_string=False,
        required=False,
    )
    window_days = serializers.ChoiceField([(days, str(days)) for days in WINDOWS], required=False)
    source = serializers.ChoiceField(  # type: ignore[assignment]  # the stubs know no field of that name
        ObjectiveSource.choices, required=False
    )
    pages = serializers.BooleanField(required=False)
    is_enabled = serializers.BooleanField(required=False)
    external_id = serializers.CharField(max_length=200, required=False, allow_blank=True)


class ObjectiveInput(ObjectivePatch):
    name = serializers.CharField(max_length=120)
    service = serializers.CharField(max_length=80)
    target = serializers.DecimalField(
        max_digits=6,
        decimal_places=4,
        min_value=Decimal(50),
        max_value=Decimal(100),
        coerce_to_string=False,
    )


class CountInput(StrictSerializer):
    """So many of `total` events were good in the five minutes that hold `at`."""

    at = serializers.DateTimeField()
    good = serializers.IntegerField(min_value=0, max_value=actions.LARGEST)
    total = serializers.IntegerField(min_value=0, max_value=actions.LARGEST)


class CountsInput(StrictSerializer):
    """Not older than the window, not in the future, no five minutes twice."""

    counts = serializers.ListField(child=CountInput(), min_length=1, max_length=actions.MAX_COUNTS)


class CountsKept(serializers.Serializer[Any]):
    kept = serializers.IntegerField()


class ObjectiveDaySerializer(serializers.Serializer[Any]):
    """24 hours of the window. `good` and `bad`: events, or seconds of checks. `budget_left`: of the whole window's
    budget, at `end`."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    good = serializers.FloatField(source="seen.good")
    bad = serializers.FloatField(source="seen.bad")
    sli = serializers.FloatField(allow_null=True)
    budget_left = serializers.FloatField(source="left", allow_null=True)


class ObjectiveFilter(filters.FilterSet):
    """`service`, `team` (slugs), `burning`, `external_id`."""

    service = filters.CharFilter(field_name="service__slug")
    team = filters.CharFilter(field_name="team__slug")
    burning = filters.ChoiceFilter(choices=[each for each in Burning.choices if each[0]])
    external_id = filters.CharFilter()

    class Meta:
        model = Objective
        fields: list[str] = []


class ObjectiveViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ActorViewSet):
    """How good services shall be, and what is left of their error budgets."""

    model = Objective
    serializer_class = ObjectiveSerializer
    filterset_class = ObjectiveFilter
    lookup_value_regex = "[0-9]{1,18}"

    @property
    def write_scope(self) -> str:  # type: ignore[override]  # what pushes counts need not change anything
        return "respond" if self.action == "counts" else "manage"

    def visible(self) -> QuerySet[Objective]:
        return selectors.objectives(self.actor)

    @extend_schema(request=ObjectiveInput, responses={201: ObjectiveSerializer})
    def create(self, request: Request) -> Response:
        """Make an objective; it is measured at once, then every minute."""
        row = actions.save_objective(actor=self.actor, **self._fields(ObjectiveInput))
        return Response(ObjectiveSerializer(self.visible().get(pk=row.pk)).data, status=201)

    @extend_schema(request=ObjectivePatch, responses=ObjectiveSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is named; when it is measured otherwise than before, it is at once."""
        fields = self._fields(ObjectivePatch)
        row = actions.save_objective(actor=self.actor, objective_id=int(pk), **fields)
        return Response(ObjectiveSerializer(self.visible().get(pk=row.pk)).data)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Its counts go with it; alerts it opened stay on record."""
        actions.delete_objective(actor=self.actor, objective_id=int(pk))
        return Response(status=204)

    @extend_schema(request=CountsInput, responses=CountsKept)
    @action(detail=True, methods=["post"])
    def counts(self, request: Request, pk: str) -> Response:
        """Push counts: each takes the place of what its five minutes held. Sending them again changes nothing."""
        rows = [actions.Count(**row) for row in valid(CountsInput, request)["counts"]]
        kept = actions.push_counts(actor=self.actor, objective_id=int(pk), counts=rows)
        return Response({"kept": kept})

    @extend_schema(responses=ObjectiveDaySerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def history(self, request: Request, pk: str) -> Response:
        """The window day by day, oldest first."""
        days = selectors.history(actions.visible(self.actor, int(pk)), clock.now())
        return Response(ObjectiveDaySerializer(days, many=True).data)

    def _fields(self, shape: type[StrictSerializer]) -> dict[str, Any]:
        fields = valid(shape, self.request)
        if "service" in fields:
            fields["service_id"] = service_id(self.actor, fields.pop("service"))
        return fields

"""The chained whys and the factors of a postmortem in the API; part of `postmortems/`."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.serializers import valid
from postmortems import actions
from postmortems.choices import FactorKind, Gate
from postmortems.models import ContributingFactor, Postmortem, WhyNode
from postmortems.writing.whys import flat, tree_of

_MAX_ID = 2**63 - 1


class WhySerializer(serializers.ModelSerializer[WhyNode]):
    """`parent`: the answer it hangs under, null for what happened. `depth`: 0 for that, 1 for the first why."""

    depth = serializers.IntegerField(read_only=True)

    class Meta:
        model = WhyNode
        fields = ("id", "parent", "depth", "text", "evidence", "gate", "created_at")
        read_only_fields = fields


class WhyInput(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=300)
    evidence = serializers.CharField(max_length=500, required=False, allow_blank=True)

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        # Every serializer has a parent of its own.
        fields["parent"] = serializers.IntegerField(
            required=False, allow_null=True, min_value=1, max_value=_MAX_ID, source="parent_id"
        )
        return fields


class WhyPatch(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=300, required=False)
    evidence = serializers.CharField(max_length=500, required=False, allow_blank=True)
    gate = serializers.ChoiceField(Gate.choices, required=False)


class ContributingFactorSerializer(serializers.ModelSerializer[ContributingFactor]):
    """`why`: the answer it is about, null for the whole."""

    kind = serializers.ChoiceField(FactorKind.choices, source="factor.kind", read_only=True)
    name = serializers.CharField(source="factor.name", read_only=True)
    why = serializers.IntegerField(source="node_id", read_only=True, allow_null=True)

    class Meta:
        model = ContributingFactor
        fields = ("id", "kind", "name", "why", "note")
        read_only_fields = fields


class ContributingFactorInput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(FactorKind.choices)
    name = serializers.CharField(max_length=120)
    why = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=_MAX_ID, source="node_id"
    )
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)


class WhyRoutes:
    """Routes of `PostmortemViewSet` about why it happened."""

    actor: Any
    get_object: Any

    @extend_schema(methods=["GET"], responses=WhySerializer(many=True))
    @extend_schema(methods=["POST"], request=WhyInput, responses={201: WhySerializer})
    @action(detail=True, methods=["get", "post"], pagination_class=None, filter_backends=[])
    def whys(self, request: Request, pk: str) -> Response:
        """The chain of whys, each before what is below it; POST writes an answer. Two are needed before the review."""
        row: Postmortem = self.get_object()
        if request.method == "POST":
            node = actions.add_why(actor=self.actor, postmortem_id=row.pk, **valid(WhyInput, request))
            shown = next(each for each in _nodes(row) if each.pk == node.pk)
            return Response(WhySerializer(shown).data, status=201)
        return Response(WhySerializer(_nodes(row), many=True).data)

    @extend_schema(methods=["PATCH"], request=WhyPatch, responses=WhySerializer)
    @extend_schema(methods=["DELETE"], responses={204: None})
    @action(
        detail=True, methods=["patch", "delete"], url_path="whys/(?P<node_id>[0-9]{1,18})", url_name="why"
    )
    def why(self, request: Request, pk: str, node_id: str) -> Response:
        """Change an answer; DELETE takes it away with all below it."""
        row: Postmortem = self.get_object()
        if request.method == "DELETE":
            actions.remove_why(actor=self.actor, postmortem_id=row.pk, node_id=int(node_id))
            return Response(status=204)
        data = valid(WhyPatch, request)
        actions.change_why(actor=self.actor, postmortem_id=row.pk, node_id=int(node_id), **data)
        return Response(WhySerializer(next(each for each in _nodes(row) if each.pk == int(node_id))).data)

    @extend_schema(methods=["GET"], responses=ContributingFactorSerializer(many=True))
    @extend_schema(
        methods=["POST"], request=ContributingFactorInput, responses={201: ContributingFactorSerializer}
    )
    @action(detail=True, methods=["get", "post"], pagination_class=None, filter_backends=[])
    def factors(self, request: Request, pk: str) -> Response:
        """What contributed, by kind; POST names a factor."""
        row: Postmortem = self.get_object()
        if request.method == "POST":
            data = valid(ContributingFactorInput, request)
            made = actions.add_factor(actor=self.actor, postmortem_id=row.pk, **data)
            return Response(ContributingFactorSerializer(made).data, status=201)
        rows = row.factors.select_related("factor").order_by("factor__kind", "pk")
        return Response(ContributingFactorSerializer(rows, many=True).data)

    @extend_schema(responses={204: None})
    @action(detail=True, methods=["delete"], url_path="factors/(?P<factor_id>[0-9]{1,18})", url_name="factor")
    def factor(self, request: Request, pk: str, factor_id: str) -> Response:
        """Take a factor of this postmortem away."""
        row: Postmortem = self.get_object()
        actions.remove_factor(actor=self.actor, postmortem_id=row.pk, factor_id=int(factor_id))
        return Response(status=204)


def _nodes(row: Postmortem) -> list[Any]:
    found: list[Any] = []
    for each in flat(tree_of(row.whys.all())):
        node: Any = each.row
        node.depth = each.depth
        found.append(node)
    return found

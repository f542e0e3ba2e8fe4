"""Routing rules, and how alerts of services become incidents."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from alerts import actions
from alerts.actions.rules import MAX_HOLD
from alerts.api.common import service_id, team_id
from alerts.api.holds import MatcherSerializer
from alerts.choices import GroupBy
from alerts.models import RoutingRule, ServiceAlerting
from alerts.routing.rules import in_order
from alerts.routing.tryout import TryOut, try_out
from core.api.serializers import StrictSerializer, valid
from core.api.views import ActorViewSet
from core.errors import NotVisible
from notifications.choices import Urgency
from services.models import Service


class HoursSerializer(StrictSerializer):
    """From `start` to before `end` by the wall clock, on these days (0 is Monday); an end at or before the start is
    of the next day."""

    days = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6), min_length=1, max_length=7
    )
    start = serializers.CharField(max_length=5)
    end = serializers.CharField(max_length=5)


class RoutingRuleSerializer(serializers.ModelSerializer[RoutingRule]):
    """A rule of a team. Rules are asked in order of `position`; the first that matches decides."""

    team: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField("slug", read_only=True)
    service: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(
        "slug", read_only=True, allow_null=True
    )
    matchers = MatcherSerializer(many=True, read_only=True)
    hours = HoursSerializer(many=True, read_only=True)

    class Meta:
        model = RoutingRule
        fields = (
            "id",
            "team",
            "name",
            "position",
            "is_active",
            "matchers",
            "hours",
            "timezone",
            "budget_below",
            "service",
            "urgency",
            "severity",
            "policy",
            "suppress",
            "hold_minutes",
            "created_by",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class RuleFields(StrictSerializer):
    """What a rule says. `budget_below`: only while less than so many percent of an error budget of the alert's
    service is left. What is null or empty of the outcome stays as the alert came."""

    name = serializers.CharField(max_length=120)
    is_active = serializers.BooleanField(required=False)
    matchers = MatcherSerializer(many=True, required=False)
    hours = HoursSerializer(many=True, required=False)
    timezone = serializers.CharField(max_length=64, required=False)
    budget_below = serializers.IntegerField(min_value=1, max_value=100, required=False, allow_null=True)
    service = serializers.CharField(max_length=80, required=False, allow_null=True)
    urgency = serializers.ChoiceField(Urgency.choices, required=False, allow_blank=True)
    severity = serializers.IntegerField(min_value=0, max_value=4, required=False, allow_null=True)
    policy = serializers.IntegerField(min_value=1, max_value=2**53, required=False, allow_null=True)
    suppress = serializers.BooleanField(required=False)
    hold_minutes = serializers.IntegerField(min_value=1, max_value=MAX_HOLD, required=False, allow_null=True)


class RoutingRuleInput(RuleFields):
    team = serializers.CharField(max_length=80)


class RoutingRulePatch(RuleFields):
    """`position`: its new place in the list, 0 is first."""

    name = serializers.CharField(max_length=120, required=False)
    position = serializers.IntegerField(min_value=0, max_value=10_000, required=False)


class RoutingRuleTry(RoutingRuleInput):
    """A rule as it would be saved; `rule`: the id of the one it stands in place of."""

    rule = serializers.IntegerField(min_value=1, max_value=2**53, required=False)


class MovedSerializer(serializers.Serializer[Any]):
    alert = serializers.IntegerField()
    title = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class TryOutSerializer(serializers.Serializer[Any]):
    """On the last `looked_at` alerts of the team: how many the rule would decide, and which would go elsewhere."""

    looked_at = serializers.IntegerField()
    decided = serializers.IntegerField()
    moved = MovedSerializer(many=True)


class RuleFilter(filters.FilterSet):
    """`team` (slug)."""

    team = filters.CharFilter(field_name="team__slug")

    class Meta:
        model = RoutingRule
        fields: list[str] = []


class RuleViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ActorViewSet):
    """Where alerts of a team's integrations go."""

    model = RoutingRule
    serializer_class = RoutingRuleSerializer
    filterset_class = RuleFilter
    lookup_value_regex = "[0-9]{1,18}"

    def visible(self) -> QuerySet[RoutingRule]:
        return in_order(RoutingRule.objects.visible_to(self.actor)).select_related("team")

    @extend_schema(request=RoutingRuleInput, responses={201: RoutingRuleSerializer})
    def create(self, request: Request) -> Response:
        """Add a rule at the end of its team's list."""
        fields = self._fields(valid(RoutingRuleInput, request))
        rule = actions.save_rule(actor=self.actor, team_id=fields.pop("team_id"), **fields)
        return Response(RoutingRuleSerializer(rule).data, status=201)

    @extend_schema(request=RoutingRulePatch, responses=RoutingRuleSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is named."""
        data = valid(RoutingRulePatch, request)
        place = data.pop("position", None)
        with transaction.atomic():
            rule = actions.save_rule(actor=self.actor, team_id=0, rule_id=int(pk), **self._fields(data))
            if place is not None:
                rule = actions.move_rule(actor=self.actor, rule_id=rule.pk, to=place)
        return Response(RoutingRuleSerializer(self.visible().get(pk=rule.pk)).data)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """What it has decided stays as it went."""
        actions.delete_rule(actor=self.actor, rule_id=int(pk))
        return Response(status=204)

    @extend_schema(request=RoutingRuleTry, responses=TryOutSerializer)
    @action(detail=False, methods=["post"], url_path="try-out", filterset_class=None, pagination_class=None)
    def try_out(self, request: Request) -> Response:
        """What a rule would have changed on the last 100 alerts of the team; nothing is saved."""
        data = valid(RoutingRuleTry, request)
        rule_id = data.pop("rule", None)
        fields = self._fields(data)
        draft = actions.draft_rule(actor=self.actor, team_id=fields.pop("team_id"), rule_id=rule_id, **fields)
        return Response(_tried(try_out(self.actor, draft)))

    def _fields(self, data: dict[str, Any]) -> dict[str, Any]:
        """Names of services and teams as ids."""
        if "team" in data:
            data["team_id"] = team_id(self.actor, data.pop("team"))
        if "service" in data:
            name = data.pop("service")
            data["service_id"] = service_id(self.actor, name) if name is not None else None
        if "policy" in data:
            data["policy_id"] = data.pop("policy")
        return data


def _tried(found: TryOut) -> dict[str, Any]:
    rows = [
        {"alert": row.alert.pk, "title": row.alert.title, "before": row.before, "after": row.after}
        for row in found.moved
    ]
    return {"looked_at": found.looked_at, "decided": found.decided, "moved": rows}


class AlertingSerializer(serializers.ModelSerializer[ServiceAlerting]):
    """How alerts of one service become incidents."""

    service: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField("slug", read_only=True)
    group_by = serializers.ChoiceField(GroupBy.choices, read_only=True)

    class Meta:
        model = ServiceAlerting
        fields = (
            "service",
            "group_by",
            "window_minutes",
            "attach_symptoms",
            "page_symptoms",
            "flap_changes",
            "flap_minutes",
            "storm_per_minute",
        )
        read_only_fields = fields


class AlertingPatch(StrictSerializer):
    group_by = serializers.ChoiceField(GroupBy.choices, required=False)
    window_minutes = serializers.IntegerField(min_value=1, max_value=1440, required=False)
    attach_symptoms = serializers.BooleanField(required=False)
    page_symptoms = serializers.BooleanField(required=False)
    flap_changes = serializers.IntegerField(min_value=2, max_value=100, required=False)
    flap_minutes = serializers.IntegerField(min_value=1, max_value=1440, required=False)
    storm_per_minute = serializers.IntegerField(min_value=20, max_value=5000, required=False)


class AlertingViewSet(ActorViewSet):
    """Settings of a service, by its slug; defaults where nobody has set any."""

    model = Service
    serializer_class = AlertingSerializer
    lookup_field = "slug"
    lookup_value_regex = "[a-z0-9-]{1,63}"

    @extend_schema(responses=AlertingSerializer)
    def retrieve(self, request: Request, slug: str) -> Response:
        """Grouping, symptoms, flapping and storms."""
        service = self._service(slug)
        row = getattr(service, "alerting", None) or ServiceAlerting(service=service)
        return Response(AlertingSerializer(row).data)

    @extend_schema(request=AlertingPatch, responses=AlertingSerializer)
    def partial_update(self, request: Request, slug: str) -> Response:
        """Change what is named."""
        data = valid(AlertingPatch, request)
        row = actions.set_alerting(actor=self.actor, service_id=self._service(slug).pk, **data)
        return Response(AlertingSerializer(row).data)

    def _service(self, slug: str) -> Service:
        rows = Service.objects.visible_to(self.actor).select_related("alerting")
        found: Service | None = rows.filter(slug=slug).first()
        if found is None:
            raise NotVisible
        return found

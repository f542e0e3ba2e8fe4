"""`escalation-policies/`, `on-call/` and `calendar-tokens/`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import clock
from core.errors import InvalidInput, field_error
from notifications.choices import Urgency
from oncall import selectors
from oncall.actions import calendars, policies
from oncall.api.base import RoomViewSet, actor_of, whole
from oncall.api.fields import query_instant
from oncall.api.policy_shapes import PolicyInput, PolicySerializer
from oncall.api.serializers import CalendarTokenInput, CalendarTokenSerializer
from oncall.models import CalendarToken, EscalationPolicy
from oncall.policy_forms import DryRunForm
from teams.models import Team


class PolicyViewSet(RoomViewSet):
    """Escalation policies with their steps."""

    model = EscalationPolicy
    serializer_class = PolicySerializer
    input_class = PolicyInput
    lookup_value_regex = "[0-9]{1,18}"

    def visible(self) -> Any:
        rows = selectors.policies_for_list(self.actor)
        if slug := self.request.query_params.get("team", ""):
            team = Team.objects.visible_to(self.actor).filter(slug=slug.replace("\0", "")).first()
            rows = rows.filter(team=team) if team else rows.none()
        return rows

    def create(self, request: Request) -> Response:
        data = self.checked()
        policy = policies.create_policy(actor=self.actor, team_id=data.pop("team"), **data)
        return self.shown(policy.pk, 201)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        policy = self.get_object()
        data = self.checked(partial=True)
        if data.pop("team", policy.team_id) != policy.team_id:
            raise field_error("team", "A policy stays with its team.")
        policies.update_policy(actor=self.actor, policy_id=policy.pk, **data)
        return self.shown(policy.pk)

    @extend_schema(
        parameters=[
            OpenApiParameter("at", str, description="An instant, now by default."),
            OpenApiParameter("urgency", str, enum=list(Urgency.values)),
            OpenApiParameter("severity", int, description="0 to 4; not set by default."),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    @action(detail=True)
    def preview(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Whom the policy would page minute by minute if it fired at `at` and nobody answered: one round."""
        policy = self.get_object()
        at = query_instant(request.query_params, "at", clock.now())
        asked = DryRunForm(request.query_params)
        if not asked.is_valid():
            raise InvalidInput(
                fields={name: list(map(str, reasons)) for name, reasons in asked.errors.items()}
            )
        case = selectors.Case(asked.cleaned_data["urgency"] or Urgency.HIGH, asked.cleaned_data["severity"])
        moments = selectors.policy_preview(policy, at, case)
        return whole(
            [
                {
                    "at": line.at,
                    "step": line.step,
                    "user": line.user.pk if line.user else None,
                    "name": line.user.name if line.user else "",
                    "by": line.way,
                    "reason": line.reason,
                }
                for line in moments
            ]
        )

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        policies.delete_policy(actor=self.actor, policy_id=self.get_object().pk)
        return Response(status=204)


class CalendarTokenViewSet(RoomViewSet):
    """One's own calendar links. The address is shown once, when the link is made."""

    model = CalendarToken
    serializer_class = CalendarTokenSerializer
    input_class = CalendarTokenInput
    lookup_value_regex = "[0-9]{1,18}"
    write_scope = "respond"

    def visible(self) -> Any:
        return CalendarToken.objects.visible_to(self.actor).usable()

    def create(self, request: Request) -> Response:
        schedule_id = self.checked().get("schedule")
        token, secret = calendars.create_calendar_token(actor=self.actor, schedule_id=schedule_id)
        url = f"{settings.BASE_URL}{feed_path(token)}?token={secret}"
        return Response({**self.get_serializer(token).data, "token": secret, "url": url}, status=201)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        calendars.revoke_calendar_token(actor=self.actor, token_id=self.get_object().pk)
        return Response(status=204)

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.http_method_not_allowed(request)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.http_method_not_allowed(request)


def feed_path(token: CalendarToken) -> str:
    """Where the feed of this link is."""
    if token.schedule_id is None:
        return "/api/v1/users/me/shifts.ics"
    return f"/api/v1/schedules/{token.schedule_id}.ics"


class OnCallView(APIView):
    """Who is on call now (or `?at=`), everywhere."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        at = query_instant(request.query_params, "at", clock.now())
        rows = selectors.on_call_overview(actor_of(request), at)
        return whole(
            [
                {
                    "schedule": row.schedule.pk,
                    "name": row.schedule.name,
                    "team": row.schedule.team.slug,
                    "users": [user.pk for user in row.users],
                    "people": [{"id": user.pk, "name": user.name} for user in row.users],
                    "until": row.until,
                    "next": {"start": row.next_start, "users": [user.pk for user in row.next_users]}
                    if row.next_start
                    else None,
                }
                for row in rows
            ]
        )

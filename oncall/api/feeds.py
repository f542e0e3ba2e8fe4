"""Calendar feeds: `schedules/<id>.ics` and `users/me/shifts.ics`, by secret link or as oneself."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from core import clock
from core.errors import NotVisible
from oncall.calendar import CONTENT_TYPE
from oncall.feeds import personal_feed, schedule_feed, token_by_secret
from oncall.models import Schedule
from teams.actor import Actor, actor_for


class FeedView(APIView):
    """A calendar program sends `?token=`; anybody else authenticates as everywhere. Answers with an ETag."""

    permission_classes: list[Any] = []

    def _actor(self, request: Request, schedule_id: int | None) -> Actor:
        secret = request.query_params.get("token", "")
        if secret:
            token = token_by_secret(secret)
            if token is None or token.schedule_id != schedule_id:
                raise NotVisible
            return actor_for(token.user, via="calendar")
        actor: Actor | None = getattr(request, "actor", None)
        if actor is None:
            raise NotAuthenticated
        return actor

    def _answer(self, request: Request, feed: tuple[str, str], name: str) -> HttpResponse:
        text, mark = feed
        if request.headers.get("If-None-Match") == mark:
            response = HttpResponse(status=304)
        else:
            response = HttpResponse(text, content_type=CONTENT_TYPE)
            response["Content-Disposition"] = f'inline; filename="{name}.ics"'
        response["ETag"] = mark
        response["Cache-Control"] = "private, max-age=300"
        return response


class ScheduleFeedView(FeedView):
    @extend_schema(responses={(200, "text/calendar"): OpenApiTypes.STR})
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """Everybody's shifts in one schedule."""
        actor = self._actor(request, pk)
        schedule = Schedule.objects.visible_to(actor).filter(pk=pk).first()
        if schedule is None:
            raise NotVisible
        return self._answer(request, schedule_feed(schedule, clock.now()), f"schedule-{pk}")


class PersonalFeedView(FeedView):
    @extend_schema(responses={(200, "text/calendar"): OpenApiTypes.STR})
    def get(self, request: Request) -> HttpResponseBase:
        """One's own shifts."""
        actor = self._actor(request, None)
        return self._answer(request, personal_feed(actor, clock.now()), "shifts")

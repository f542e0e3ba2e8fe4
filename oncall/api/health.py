"""`on-call/health/`: rotation health on the wire."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import clock
from core.errors import field_error
from oncall.api.base import actor_of
from oncall.health_figures import WEEKS, figures
from oncall.selectors.health import Cause, CoverNext, rotation_health
from teams.models import Team


class HealthView(APIView):
    """Hours, nights, weekends and pages per person, causes, the trend, and who should cover next."""

    @extend_schema(
        parameters=[
            OpenApiParameter("team", str, description="Slug of a team; all visible ones without it."),
            OpenApiParameter("weeks", int, enum=WEEKS, description="How far back; 4 without it."),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        query, actor = request.query_params, actor_of(request)
        asked = str(query.get("weeks", "")) or str(WEEKS[0])
        weeks = next((each for each in WEEKS if str(each) == asked), None)
        if weeks is None:
            raise field_error("weeks", "One of 4, 8 and 12.")
        slug, team = str(query.get("team", "")), None
        if slug:
            team = Team.objects.visible_to(actor).filter(slug=slug.replace("\0", "")).first()
            if team is None:
                raise field_error("team", "There is no such team.")
        found = rotation_health(actor, clock.now(), weeks=weeks, team=team)
        return Response(
            {
                "from": found.start,
                "to": found.end,
                "weeks": weeks,
                "team": team.slug if team else None,
                "people": [
                    {"id": row.user.pk, "active": row.user.is_active, **figures(row)} for row in found.people
                ],
                "causes": [_cause(row) for row in found.causes],
                "trend": [
                    {"from": week.start, "pages": week.pages, "interrupted_nights": week.nights}
                    for week in found.trend
                ],
                "cover_next": [_next(row) for row in found.cover_next],
            }
        )


def _cause(row: Cause) -> dict[str, Any]:
    return {
        "key": row.lane if row.name else None,
        "name": row.label,
        "mostly": row.title,
        "pages": row.pages,
        "interrupted_nights": row.nights,
        "share_of_nights": round(row.share, 3),
    }


def _next(row: CoverNext) -> dict[str, Any]:
    return {
        "schedule": row.schedule.pk,
        "name": row.schedule.name,
        "team": row.schedule.team.slug,
        "user": row.user.pk if row.user else None,
        "person": row.user.name if row.user else None,
        "reason": row.reason,
        "hints": [
            {
                "user": hint.user.pk,
                "kind": hint.kind,
                "value": hint.value,
                "mean": round(hint.mean, 1),
                "sentence": hint.sentence,
            }
            for hint in row.hints
        ],
    }

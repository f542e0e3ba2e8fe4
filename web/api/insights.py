"""`insights/<figure>/`: the figures of the insights page on the wire, read-only."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import clock
from core.errors import InvalidInput, NotVisible
from oncall.api.base import actor_of
from web.insights.figures import BY_KEY
from web.insights.scope import DAYS, read
from web.insights.shapes import Figure, Question, Row
from web.insights.tables import behind_url, plain


class InsightView(APIView):
    """One figure: which times it uses, its columns and rows, and where the incidents behind each number are."""

    @extend_schema(
        parameters=[
            OpenApiParameter("figure", str, OpenApiParameter.PATH, enum=list(BY_KEY)),
            OpenApiParameter(
                "days", int, enum=DAYS, description="The last days up to today; 180 without it."
            ),
            OpenApiParameter(
                "from", OpenApiTypes.DATE, description="First day, in the time zone of the person."
            ),
            OpenApiParameter("to", OpenApiTypes.DATE, description="Last day; today without it."),
            OpenApiParameter("team", str, description="Slug of a team."),
            OpenApiParameter("service", str, description="Slug of a service."),
            OpenApiParameter("severity", str, many=True, description="0 to 4, or none; several allowed."),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, figure: str) -> Response:
        known = BY_KEY.get(figure)
        if known is None:
            raise NotVisible
        now = clock.now()
        zone = request.user.zone  # type: ignore[union-attr]
        scope, wrong = read(request.query_params, now, zone)
        if wrong:
            raise InvalidInput(fields={name: [reason] for name, reason in wrong.items()})
        question = Question(actor_of(request), scope, now)
        with timezone.override(zone):
            found = known.find(question)
        return Response(
            {
                "figure": known.key,
                "title": str(known.title),
                "times": str(known.times),
                "from": scope.first.isoformat(),
                "to": scope.last.isoformat(),
                "time_zone": zone.key,
                "team": scope.team or None,
                "service": scope.service or None,
                "severity": list(scope.severities),
                "columns": [
                    {"key": column.key, "label": str(column.label), "unit": column.unit}
                    for column in found.columns
                ],
                "rows": [_row(known, row, question) for row in found.rows],
            }
        )


def _row(figure: Figure, row: Row, question: Question) -> dict[str, Any]:
    links = {key: behind_url(figure, question.scope, link) for key, link in row.links.items()}
    return {**{key: plain(value) for key, value in row.values.items()}, "pages": links}

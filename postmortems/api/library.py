"""`postmortems/library/`, and the exports and likenesses of a document."""

from __future__ import annotations

from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.views import ActorViewSet
from core.errors import NotVisible
from postmortems.exporting.answers import FORMS
from postmortems.library import MAX_QUERY
from postmortems.models import Postmortem
from postmortems.selectors import library as selectors
from postmortems.selectors.similar import similar_to
from postmortems.views.exports import answer


class PostmortemHitSerializer(serializers.Serializer[Any]):
    """`snippet`: HTML in which everything is escaped but the <mark> around what was looked for."""

    id = serializers.IntegerField(source="postmortem.pk")
    incident = serializers.IntegerField(source="postmortem.incident.number")
    title = serializers.CharField(source="postmortem.incident.title")
    severity = serializers.IntegerField(source="postmortem.incident.severity_id", allow_null=True)
    published_at = serializers.DateTimeField(source="postmortem.published_at")
    snippet = serializers.CharField()


class PostmortemFacetChoiceSerializer(serializers.Serializer[Any]):
    value = serializers.CharField()
    label: Any = serializers.CharField()
    count = serializers.IntegerField()


class PostmortemFacetSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    choices: Any = PostmortemFacetChoiceSerializer(many=True)


class PostmortemFoundSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    page = serializers.IntegerField()
    pages = serializers.IntegerField()
    results = PostmortemHitSerializer(many=True)
    facets = PostmortemFacetSerializer(many=True)


class PostmortemSimilarSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="postmortem.pk")
    incident = serializers.IntegerField(source="postmortem.incident.number")
    title = serializers.CharField(source="postmortem.incident.title")
    reason = serializers.CharField()
    services = serializers.ListField(child=serializers.CharField())
    factors = serializers.ListField(child=serializers.CharField())
    words = serializers.ListField(child=serializers.CharField())
    summary = serializers.CharField()
    helped = serializers.CharField()


_QUERY = [
    OpenApiParameter("q", str, description=f'Words, "a phrase", or, -without; at most {MAX_QUERY} letters.'),
    OpenApiParameter("page", int, description="1 to 25; 20 on a page."),
    *(OpenApiParameter(name, str) for name in selectors.FILTERS),
]


class PostmortemLibraryViewSet(ActorViewSet):
    """Published postmortems one may see, by words and facets."""

    model = Postmortem
    serializer_class = PostmortemFoundSerializer
    pagination_class = None

    @extend_schema(parameters=_QUERY, responses=PostmortemFoundSerializer)
    def list(self, request: Request) -> Response:
        """Best first by words, newest first without; each facet says what choosing it would leave."""
        found = selectors.search(self.actor, request.query_params.dict())
        body = {
            "total": found.total,
            "page": found.page,
            "pages": found.pages,
            "results": found.hits,
            "facets": [
                {
                    "name": facet.name,
                    "choices": [
                        {"value": value, "label": label, "count": count}
                        for value, label, count in facet.choices
                    ],
                }
                for facet in found.facets
            ],
        }
        return Response(PostmortemFoundSerializer(body).data)


class PostmortemTakeAway(ActorViewSet):
    """What one takes from a document: `similar/` and `export/<form>/`; a part of `PostmortemViewSet`."""

    @extend_schema(responses=PostmortemSimilarSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None)
    def similar(self, request: Request, pk: str) -> Response:
        """Published postmortems of incidents like this one, each with the reason; at most five."""
        found = similar_to(self._seen(pk).incident, self.actor)
        return Response(PostmortemSimilarSerializer(found, many=True).data)

    @extend_schema(
        responses={
            (200, kind.partition(";")[0]): OpenApiTypes.BINARY if form in ("pdf", "zip") else OpenApiTypes.STR
            for form, kind in FORMS.items()
        }
    )
    @action(detail=True, methods=["get"], url_path="export/(?P<form>md|pdf|json|zip)", url_name="export")
    def export(self, request: Request, pk: str, form: str) -> HttpResponseBase:
        """The document as Markdown, PDF, JSON or a bundle of everything, people by role."""
        return answer(request._request, int(pk), form, self.actor)

    def _seen(self, pk: str) -> Postmortem:
        rows = Postmortem.objects.visible_to(self.actor).select_related("incident")
        row: Postmortem | None = rows.filter(pk=int(pk)).first()
        if row is None:
            raise NotVisible
        return row

"""`status-pages/`."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.serializers import valid
from core.api.views import ActorViewSet
from core.errors import field_error
from services.models import Service
from statuspage import actions
from statuspage.api import inputs, shapes
from statuspage.api.notices import NoticesMixin
from statuspage.api.parts import PartsMixin
from statuspage.models import StatusPage
from teams.models import Team


class StatusPageViewSet(
    PartsMixin, NoticesMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, ActorViewSet
):
    """Status pages by slug; what the public reads is at `/status/<slug>/`."""

    model = StatusPage
    serializer_class = shapes.StatusPageSerializer
    lookup_field = "slug"
    lookup_value_regex = "[a-z0-9_-]{1,60}"
    write_scope = "respond"

    def visible(self) -> QuerySet[StatusPage]:
        rows: Any = StatusPage.objects.visible_to(self.actor).select_related("team")
        seen = Prefetch("components__services", queryset=Service.objects.visible_to(self.actor))
        return rows.prefetch_related("groups", "components__group", seen)  # type: ignore[no-any-return]

    @extend_schema(request=inputs.PageInput, responses={201: shapes.StatusPageSerializer})
    def create(self, request: Request) -> Response:
        """Make a page; it is public at once."""
        data = valid(inputs.PageInput, request)
        slug = data.pop("team", None)
        team = Team.objects.visible_to(self.actor).filter(slug=slug).first() if slug else None
        if slug and team is None:
            raise field_error("team", "There is no such team.")
        page = actions.create_page(actor=self.actor, team_id=team.pk if team else None, **data)
        return Response(shapes.StatusPageSerializer(page).data, status=201)

    @extend_schema(request=inputs.PagePatch, responses=shapes.StatusPageSerializer)
    def partial_update(self, request: Request, slug: str) -> Response:
        """Change what a page is and who may read it. Managers of its team."""
        data = valid(inputs.PagePatch, request)
        page = self.get_object()
        settings = actions.PageSettings(**data)
        actions.set_page(actor=self.actor, page_id=page.pk, settings=settings)
        page = self.visible().get(pk=page.pk)
        return Response(shapes.StatusPageSerializer(page).data)

    @extend_schema(
        parameters=[OpenApiParameter("confirm", str, required=True, description="The page's slug.")],
        responses={204: None},
    )
    def destroy(self, request: Request, slug: str) -> Response:
        """Take a page away with all that was said on it."""
        confirm = request.query_params.get("confirm", "")
        actions.remove_page(actor=self.actor, page_id=self.get_object().pk, confirm=confirm)
        return Response(status=204)

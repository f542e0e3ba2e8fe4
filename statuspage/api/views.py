"""`status-pages/` and `status-pages/<slug>/notices/`."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.views import ActorViewSet
from core.errors import NotVisible, field_error
from statuspage import actions
from statuspage.choices import ComponentStatus, Impact, NoticeKind, NoticeStatus
from statuspage.models import Component, Notice, NoticeUpdate, StatusPage
from teams.models import Team


class ComponentSerializer(serializers.ModelSerializer[Component]):
    id = serializers.CharField(source="public_id", read_only=True)
    service = serializers.SlugRelatedField("slug", read_only=True)
    status = serializers.ChoiceField(ComponentStatus.choices, read_only=True)

    class Meta:
        model = Component
        fields = ("id", "name", "description", "status", "position", "service")
        read_only_fields = fields


class StatusPageSerializer(serializers.ModelSerializer[StatusPage]):
    team = serializers.SlugRelatedField("slug", read_only=True)
    components = ComponentSerializer(many=True, read_only=True)

    class Meta:
        model = StatusPage
        fields = ("slug", "name", "description", "team", "time_zone", "components", "updated_at")
        read_only_fields = fields


class NoticeUpdateSerializer(serializers.ModelSerializer[NoticeUpdate]):
    id = serializers.CharField(source="public_id", read_only=True)

    class Meta:
        model = NoticeUpdate
        fields = ("id", "status", "body", "created_at")
        read_only_fields = fields


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    id = serializers.CharField(source="public_id", read_only=True)
    components = serializers.SlugRelatedField("public_id", many=True, read_only=True)
    updates = NoticeUpdateSerializer(many=True, read_only=True)
    status = serializers.ChoiceField(NoticeStatus.choices, read_only=True)

    class Meta:
        model = Notice
        fields = (
            "id",
            "kind",
            "title",
            "status",
            "impact",
            "components",
            "scheduled_for",
            "scheduled_until",
            "started_at",
            "resolved_at",
            "updated_at",
            "updates",
        )
        read_only_fields = fields


class PageInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    slug = serializers.SlugField(max_length=60, required=False)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    team = serializers.CharField(max_length=80, required=False, allow_null=True)


class ComponentInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)


class ComponentStatusInput(serializers.Serializer[Any]):
    status = serializers.ChoiceField(ComponentStatus.choices)


class NoticeInput(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=200)
    body = serializers.CharField(max_length=20_000)
    kind = serializers.ChoiceField(NoticeKind.choices, required=False)
    status = serializers.ChoiceField(NoticeStatus.choices, required=False)
    impact = serializers.ChoiceField(Impact.choices, required=False)
    components = serializers.ListField(
        child=serializers.CharField(max_length=12), required=False, max_length=200
    )
    component_status = serializers.ChoiceField(ComponentStatus.choices, required=False)
    incident = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**31 - 1)
    scheduled_for = serializers.DateTimeField(required=False, allow_null=True)
    scheduled_until = serializers.DateTimeField(required=False, allow_null=True)


class NoticeUpdateInput(serializers.Serializer[Any]):
    body = serializers.CharField(max_length=20_000)
    status = serializers.ChoiceField(NoticeStatus.choices, required=False)
    component_status = serializers.ChoiceField(ComponentStatus.choices, required=False)


class StatusPageViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ActorViewSet):
    """Status pages by slug; what the public reads is at `/status/<slug>/`."""

    model = StatusPage
    serializer_class = StatusPageSerializer
    lookup_field = "slug"
    lookup_value_regex = "[a-z0-9_-]{1,60}"
    write_scope = "respond"

    def visible(self) -> QuerySet[StatusPage]:
        rows = StatusPage.objects.visible_to(self.actor).select_related("team")
        return rows.prefetch_related("components__service")  # type: ignore[no-any-return]

    @extend_schema(request=PageInput, responses={201: StatusPageSerializer})
    def create(self, request: Request) -> Response:
        """Make a page; it is public at once."""
        data = _valid(PageInput, request)
        slug = data.pop("team", None)
        team = Team.objects.visible_to(self.actor).filter(slug=slug).first() if slug else None
        if slug and team is None:
            raise field_error("team", "There is no such team.")
        page = actions.create_page(actor=self.actor, team_id=team.pk if team else None, **data)
        return Response(StatusPageSerializer(page).data, status=201)

    @extend_schema(request=ComponentInput, responses={201: ComponentSerializer})
    @action(detail=True, methods=["post"])
    def components(self, request: Request, slug: str) -> Response:
        """Add a component."""
        data = _valid(ComponentInput, request)
        component = actions.add_component(actor=self.actor, page_id=self.get_object().pk, **data)
        return Response(ComponentSerializer(component).data, status=201)

    @extend_schema(request=ComponentStatusInput, responses=ComponentSerializer)
    @action(detail=True, methods=["post"], url_path="components/(?P<component>[a-z0-9]{12})/set-status")
    def set_component(self, request: Request, slug: str, component: str) -> Response:
        """Set a component by hand."""
        data = _valid(ComponentStatusInput, request)
        row = self.get_object().components.filter(public_id=component).first()
        if row is None:
            raise NotVisible
        row = actions.set_component_status(actor=self.actor, component_id=row.pk, status=data["status"])
        return Response(ComponentSerializer(row).data)

    @extend_schema(
        methods=["GET"], operation_id="status_pages_notices_list", responses=NoticeSerializer(many=True)
    )
    @extend_schema(
        methods=["POST"],
        operation_id="status_pages_notices_create",
        request=NoticeInput,
        responses={201: NoticeSerializer},
    )
    @action(detail=True, methods=["get", "post"])
    def notices(self, request: Request, slug: str) -> Response:
        """Notices newest first (the last 100); POST publishes one."""
        page = self.get_object()
        if request.method == "POST":
            data = _valid(NoticeInput, request)
            names = data.pop("components", [])
            rows = dict(page.components.filter(public_id__in=names).values_list("public_id", "pk"))
            if set(names) - set(rows):
                raise field_error("components", "There is no such component on this page.")
            data["incident_number"] = data.pop("incident", None)
            notice = actions.create_notice(
                actor=self.actor, page_id=page.pk, component_ids=[rows[n] for n in names], **data
            )
            return Response(NoticeSerializer(notice).data, status=201)
        rows_ = page.notices.prefetch_related("updates", "components")[:100]
        return Response({"results": NoticeSerializer(rows_, many=True).data})

    @extend_schema(request=NoticeUpdateInput, responses={201: NoticeSerializer})
    @action(detail=True, methods=["post"], url_path="notices/(?P<notice>[a-z0-9]{12})/updates")
    def notice_updates(self, request: Request, slug: str, notice: str) -> Response:
        """Say more about a notice, or end it."""
        data = _valid(NoticeUpdateInput, request)
        row = self.get_object().notices.filter(public_id=notice).first()
        if row is None:
            raise NotVisible
        row = actions.update_notice(actor=self.actor, notice_id=row.pk, **data)
        return Response(NoticeSerializer(row).data, status=201)


def _valid(shape: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    serializer = shape(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)

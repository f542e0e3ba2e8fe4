"""`services/`, what hangs below one, and `changes/`."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from core import clock
from core.api.pagination import KeysetPagination
from core.errors import NotVisible, field_error
from oncall.api.base import RoomViewSet, whole
from oncall.api.fields import ReferenceField, query_instant
from services import actions, selectors
from services.api.details import ServiceDetails
from services.api.serializers import (
    ChangeInput,
    ChangeSerializer,
    DependencyInput,
    DependencySerializer,
    ServiceInput,
    ServiceSerializer,
    incident_data,
)
from services.choices import ChangeKind, Lifecycle, ServiceKind
from services.models import ChangeEvent, Service
from services.selectors import Walk


class BySlug(KeysetPagination):
    ordering = "slug"


class ByTime(KeysetPagination):
    ordering = ("-happened_at", "-id")  # type: ignore[assignment]


class ServiceViewSet(ServiceDetails):
    """The catalog. A service is found by slug or id."""

    model = Service
    serializer_class = ServiceSerializer
    input_class: type[BaseSerializer[Any]] = ServiceInput
    pagination_class = BySlug
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]{1,63}"

    def visible(self) -> Any:
        return selectors.for_list(self.actor).prefetch_related("contacts", "environment_rows__environment")

    def filtered(self) -> Any:
        """The list, narrowed by `?team= &tier= &lifecycle= &kind= &system= &label= &q=`."""
        query = self.request.query_params
        tier, lifecycle, kind = query.get("tier", ""), query.get("lifecycle", ""), query.get("kind", "")
        if kind and kind not in ServiceKind.values:
            raise field_error("kind", f"One of {', '.join(ServiceKind.values)}.")
        if tier and tier not in {"1", "2", "3", "4"}:
            raise field_error("tier", "A tier is 1, 2, 3 or 4.")
        if lifecycle and lifecycle not in Lifecycle.values:
            raise field_error("lifecycle", f"One of {', '.join(Lifecycle.values)}.")
        return selectors.narrowed(
            self.get_queryset(),
            self.actor,
            teams=[_clean(slug) for slug in query.getlist("team") if slug],
            tiers=[int(tier)] if tier else [],
            lifecycles=[lifecycle] if lifecycle else [],
            kinds=[kind] if kind else [],
            system=_clean(query.get("system", "")),
            label=_clean(query.get("label", "")),
            text=_clean(query.get("q", "")),
        )

    def get_object(self) -> Service:
        key = self.kwargs["slug"]
        rows = self.get_queryset()
        found: Service | None = rows.filter(slug=key).first()
        if found is None and key.isdigit() and len(key) <= 18:
            found = rows.filter(pk=int(key)).first()
        if found is None:
            raise NotVisible
        return found

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filtered())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def create(self, request: Request) -> Response:
        service = actions.create_service(actor=self.actor, **self.checked())
        return self.shown(service.pk, 201)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        service = self.get_object()
        data = self.checked(partial=True)
        if data.pop("slug", service.slug) != service.slug:
            raise field_error("slug", "The address of a service stays as it is.")
        actions.update_service(actor=self.actor, service_id=service.pk, **data)
        return self.shown(service.pk)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        actions.delete_service(actor=self.actor, service_id=self.get_object().pk)
        return Response(status=204)

    @extend_schema(request=DependencyInput, responses=DependencySerializer)
    @action(detail=True, methods=["get", "post", "delete"])
    def dependencies(self, request: Request, slug: str) -> Response:
        """What the service needs (`results`) and who needs it (`downstream`); DELETE names `upstream`."""
        service = self.get_object()
        if request.method == "POST":
            return self._depend(service)
        if request.method == "DELETE":
            return self._independ(service, self._named_upstream())
        upstream, downstream = selectors.edges_of(service, self.actor)
        shown = [DependencySerializer(edges, many=True).data for edges in (upstream, downstream)]
        return whole(list(shown[0]), downstream=list(shown[1]))

    @extend_schema(operation_id="services_dependencies_destroy_one")
    @action(detail=True, methods=["delete"], url_path="dependencies/(?P<upstream>[-a-zA-Z0-9_]{1,63})")
    def dependency(self, request: Request, slug: str, upstream: str) -> Response:
        """Take one dependency away."""
        return self._independ(self.get_object(), upstream)

    def _depend(self, service: Service) -> Response:
        self.input_class = DependencyInput
        data = self.checked()
        edge, created = actions.set_dependency(
            actor=self.actor,
            downstream_id=service.pk,
            upstream_id=data["upstream"],
            kind=data["kind"],
            note=data["note"],
        )
        return Response(DependencySerializer(edge).data, status=201 if created else 200)

    def _independ(self, service: Service, upstream: Any) -> Response:
        field = ReferenceField(Service, slug=True)
        field.bind("upstream", self.get_serializer())
        upstream_id = field.run_validation(upstream)
        actions.remove_dependency(actor=self.actor, downstream_id=service.pk, upstream_id=upstream_id)
        return Response(status=204)

    def _named_upstream(self) -> Any:
        given = self.request.data if isinstance(self.request.data, dict) else {}
        upstream = given.get("upstream", self.request.query_params.get("upstream"))
        if upstream in (None, ""):
            raise field_error("upstream", "Say which dependency to remove.")
        return upstream

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["get"], url_path="blast-radius")
    def blast_radius(self, request: Request, slug: str) -> Response:
        """Who suffers if the service fails."""
        walk = selectors.blast_radius(self.get_object(), self.actor)
        return Response(_walk_data(walk))

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["get"])
    def suspects(self, request: Request, slug: str) -> Response:
        """What the service stands on, with open incidents and changes of the last two hours."""
        walk = selectors.suspects(self.get_object(), self.actor)
        now = clock.now()
        ids = [row.node.id for row in walk.rows]
        incidents = selectors.open_incidents(ids, self.actor)
        changes: dict[int, list[ChangeEvent]] = defaultdict(list)
        for change in selectors.recent_changes(
            ids, self.actor, since=now - selectors.RECENT, until=now, limit=500
        ):
            changes[change.service_id].append(change)
        data = _walk_data(walk)
        for row, shown in zip(walk.rows, data["affected"], strict=True):
            shown["open_incidents"] = [incident_data(item) for item in incidents.get(row.node.id, [])]
            shown["recent_changes"] = ChangeSerializer(changes[row.node.id], many=True).data
        return Response(data)


def _walk_data(walk: Walk) -> dict[str, Any]:
    return {
        "service": walk.service.slug,
        "affected": [
            {
                "slug": row.node.slug,
                "depth": row.depth,
                "kind": row.kind,
                "path": walk.path(row),
                "tier": row.node.tier,
                "team": walk.team_slugs.get(row.node.team_id or 0),
            }
            for row in walk.rows
        ],
        "counts_by_tier": walk.counts_by_tier,
        "teams": walk.teams,
        "cycles": walk.cycles,
    }


class ChangeViewSet(RoomViewSet):
    """What was changed on services: newest first, `?service= &kind= &from= &to=`."""

    model = ChangeEvent
    serializer_class = ChangeSerializer
    input_class = ChangeInput
    pagination_class = ByTime
    write_scope = "respond"
    lookup_value_regex = "[0-9]{1,18}"

    def visible(self) -> Any:
        query = self.request.query_params
        rows = super().visible().select_related("service")
        if slug := query.get("service", ""):
            rows = rows.filter(service__slug=_clean(slug))
        if kind := query.get("kind", ""):
            if kind not in ChangeKind.values:
                raise field_error("kind", f"One of {', '.join(ChangeKind.values)}.")
            rows = rows.filter(kind=kind)
        now = clock.now()
        if query.get("from"):
            rows = rows.filter(happened_at__gte=query_instant(query, "from", now))
        if query.get("to"):
            rows = rows.filter(happened_at__lt=query_instant(query, "to", now))
        return rows

    def create(self, request: Request) -> Response:
        data = self.checked()
        service_id = data.pop("service")
        change = actions.record_change(actor=self.actor, service_id=service_id, **data)
        return Response(self.get_serializer(change).data, status=201)

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.http_method_not_allowed(request)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.http_method_not_allowed(request)


def _clean(text: str) -> str:
    return text.replace("\0", "")[:120]

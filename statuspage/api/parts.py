"""`status-pages/<slug>/`: components, groups, numbers, corrections, templates and the log."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api.serializers import valid
from core.errors import NotVisible, field_error
from services.models import Service
from statuspage import actions
from statuspage.api import inputs, shapes
from statuspage.building.bars import counted
from statuspage.building.load import component_spans
from statuspage.models import StatusPage, UptimeCorrection
from statuspage.uptime import days, together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from teams.actor import Actor

_ID = "(?P<part>[a-z0-9]{12})"
_NUMBER = "(?P<number>[0-9]{1,18})"
_MOST_DAYS = 366


def below(rows: Any, public_id: str) -> Any:
    """The row of this page with that id; a 404 without."""
    row = rows.filter(public_id=public_id).first()
    if row is None:
        raise NotVisible
    return row


def ids_of(rows: Any, given: Sequence[str], field: str) -> dict[str, int]:
    """Public id → key for all that were named; a fault of `field` when one is not of this page."""
    known = dict(rows.values_list("public_id", "pk"))
    found = {public_id: known[public_id] for public_id in given if public_id in known}
    if set(given) - set(found):
        raise field_error(field, "There is no such thing on this page.")
    return found


class PartsMixin:
    """Verbs of a page about what stands on it."""

    if TYPE_CHECKING:
        # What the view set below brings along; a method here would stand before its own.
        actor: Actor

        def get_object(self) -> StatusPage: ...

    @extend_schema(
        methods=["GET"],
        operation_id="status_pages_components_list",
        responses=shapes.ComponentSerializer(many=True),
    )
    @extend_schema(
        methods=["POST"], request=inputs.ComponentInput, responses={201: shapes.ComponentSerializer}
    )
    @action(detail=True, methods=["get", "post"])
    def components(self, request: Request, slug: str) -> Response:
        """Components as they stand on the page; POST adds one."""
        page = self.get_object()
        if request.method != "POST":
            return Response(
                {"results": shapes.ComponentSerializer(self._seen(page.components), many=True).data}
            )
        data = self._component(page, valid(inputs.ComponentInput, request))
        row = actions.add_component(actor=self.actor, page_id=page.pk, **data)
        row = self._seen(page.components).get(pk=row.pk)
        return Response(shapes.ComponentSerializer(row).data, status=201)

    @extend_schema(methods=["PATCH"], request=inputs.ComponentPatch, responses=shapes.ComponentSerializer)
    @extend_schema(methods=["DELETE"], responses={204: None})
    @action(detail=True, methods=["patch", "delete"], url_path=f"components/{_ID}")
    def component(self, request: Request, slug: str, part: str) -> Response:
        """Change a component, or take it away with its history."""
        page = self.get_object()
        row = below(page.components, part)
        if request.method == "DELETE":
            actions.remove_component(actor=self.actor, component_id=row.pk)
            return Response(status=204)
        data = self._component(page, valid(inputs.ComponentPatch, request))
        row = actions.edit_component(actor=self.actor, component_id=row.pk, **data)
        row = self._seen(page.components).get(pk=row.pk)
        return Response(shapes.ComponentSerializer(row).data)

    @extend_schema(request=inputs.ComponentStatusInput, responses=shapes.ComponentSerializer)
    @action(detail=True, methods=["post"], url_path=f"components/{_ID}/set-status")
    def set_component(self, request: Request, slug: str, part: str) -> Response:
        """Set a component by hand, or give it back to what it follows."""
        data = valid(inputs.ComponentStatusInput, request)
        parts = self.get_object().components
        row = below(parts, part)
        actions.set_component_status(actor=self.actor, component_id=row.pk, status=data["status"])
        row = self._seen(parts).get(pk=row.pk)
        return Response(shapes.ComponentSerializer(row).data)

    @extend_schema(request=inputs.GroupInput, responses={201: shapes.GroupSerializer})
    @action(detail=True, methods=["post"])
    def groups(self, request: Request, slug: str) -> Response:
        """Add a group."""
        data = valid(inputs.GroupInput, request)
        row = actions.add_group(actor=self.actor, page_id=self.get_object().pk, **data)
        return Response(shapes.GroupSerializer(row).data, status=201)

    @extend_schema(methods=["PATCH"], request=inputs.GroupPatch, responses=shapes.GroupSerializer)
    @extend_schema(methods=["DELETE"], responses={204: None})
    @action(detail=True, methods=["patch", "delete"], url_path=f"groups/{_ID}")
    def group(self, request: Request, slug: str, part: str) -> Response:
        """Change a group, or take it away; its components stand alone then."""
        row = below(self.get_object().groups, part)
        if request.method == "DELETE":
            actions.remove_group(actor=self.actor, group_id=row.pk)
            return Response(status=204)
        row = actions.edit_group(actor=self.actor, group_id=row.pk, **valid(inputs.GroupPatch, request))
        return Response(shapes.GroupSerializer(row).data)

    @extend_schema(request=inputs.PageOrderInput, responses={204: None})
    @action(detail=True, methods=["post"])
    def arrange(self, request: Request, slug: str) -> Response:
        """Put groups and components in order."""
        page = self.get_object()
        given = valid(inputs.PageOrderInput, request)["order"]
        groups = dict(page.groups.values_list("public_id", "pk"))
        parts = dict(page.components.values_list("public_id", "pk"))
        if set(given) - set(groups) - set(parts):
            raise field_error("order", "There is no such thing on this page.")
        order = [("group", groups[row]) if row in groups else ("component", parts[row]) for row in given]
        actions.arrange(actor=self.actor, page_id=page.pk, order=order)
        return Response(status=204)

    @extend_schema(
        methods=["GET"],
        operation_id="status_pages_metrics_list",
        responses=shapes.MetricSerializer(many=True),
    )
    @extend_schema(methods=["POST"], request=inputs.MetricInput, responses={201: shapes.MetricSerializer})
    @action(detail=True, methods=["get", "post"])
    def metrics(self, request: Request, slug: str) -> Response:
        """Numbers customers may watch; POST adds one."""
        page = self.get_object()
        if request.method != "POST":
            return Response({"results": shapes.MetricSerializer(page.metrics.all(), many=True).data})
        row = actions.add_metric(actor=self.actor, page_id=page.pk, **valid(inputs.MetricInput, request))
        return Response(shapes.MetricSerializer(row).data, status=201)

    @extend_schema(responses={204: None})
    @action(detail=True, methods=["delete"], url_path=f"metrics/{_ID}")
    def metric(self, request: Request, slug: str, part: str) -> Response:
        """Take a number away."""
        actions.remove_metric(actor=self.actor, metric_id=below(self.get_object().metrics, part).pk)
        return Response(status=204)

    @extend_schema(request=inputs.PointsInput, responses={202: inputs.TakenSerializer})
    @action(detail=True, methods=["post"], url_path=f"metrics/{_ID}/points")
    def metric_points(self, request: Request, slug: str, part: str) -> Response:
        """Push values; the page shows them within a minute. One for the same instant replaces the one before."""
        data = valid(inputs.PointsInput, request)
        row = below(self.get_object().metrics, part)
        points = [(point["at"], point["value"]) for point in data["points"]]
        count = actions.push_points(actor=self.actor, metric_id=row.pk, points=points)
        return Response({"taken": count}, status=202)

    @extend_schema(
        methods=["GET"],
        operation_id="status_pages_corrections_list",
        responses=shapes.CorrectionSerializer(many=True),
    )
    @extend_schema(
        methods=["POST"], request=inputs.CorrectionInput, responses={201: shapes.CorrectionSerializer}
    )
    @action(detail=True, methods=["get", "post"])
    def corrections(self, request: Request, slug: str) -> Response:
        """Corrections of uptime, newest first (the last 200); POST adds one."""
        page = self.get_object()
        if request.method != "POST":
            rows = UptimeCorrection.objects.filter(component__page=page).select_related("component", "author")
            rows = rows.order_by("-created_at", "-pk")[:200]
            return Response({"results": shapes.CorrectionSerializer(rows, many=True).data})
        data = valid(inputs.CorrectionInput, request)
        name = data.pop("component")
        component_id = ids_of(page.components, [name], "component")[name]
        row = actions.correct_uptime(actor=self.actor, component_id=component_id, **data)
        return Response(shapes.CorrectionSerializer(row).data, status=201)

    @extend_schema(responses={204: None})
    @action(detail=True, methods=["delete"], url_path=f"corrections/{_NUMBER}")
    def correction(self, request: Request, slug: str, number: str) -> Response:
        """Withdraw a correction."""
        row = UptimeCorrection.objects.filter(component__page=self.get_object(), pk=int(number)).first()
        if row is None:
            raise NotVisible
        actions.withdraw_correction(actor=self.actor, correction_id=row.pk)
        return Response(status=204)

    @extend_schema(
        methods=["GET"],
        operation_id="status_pages_templates_list",
        responses=shapes.NoticeTemplateSerializer(many=True),
    )
    @extend_schema(
        methods=["POST"], request=inputs.NoticeTemplateInput, responses={201: shapes.NoticeTemplateSerializer}
    )
    @action(detail=True, methods=["get", "post"])
    def templates(self, request: Request, slug: str) -> Response:
        """Notices that are ready before they are needed; POST adds one."""
        page = self.get_object()
        if request.method != "POST":
            return Response(
                {"results": shapes.NoticeTemplateSerializer(page.templates.all(), many=True).data}
            )
        row = actions.save_template(
            actor=self.actor, page_id=page.pk, **valid(inputs.NoticeTemplateInput, request)
        )
        return Response(shapes.NoticeTemplateSerializer(row).data, status=201)

    @extend_schema(
        methods=["PUT"], request=inputs.NoticeTemplateInput, responses=shapes.NoticeTemplateSerializer
    )
    @extend_schema(methods=["DELETE"], responses={204: None})
    @action(detail=True, methods=["put", "delete"], url_path=f"templates/{_NUMBER}")
    def template(self, request: Request, slug: str, number: str) -> Response:
        """Replace a template, or take it away."""
        page = self.get_object()
        row = page.templates.filter(pk=int(number)).first()
        if row is None:
            raise NotVisible
        if request.method == "DELETE":
            actions.remove_template(actor=self.actor, template_id=row.pk)
            return Response(status=204)
        data = valid(inputs.NoticeTemplateInput, request)
        row = actions.save_template(actor=self.actor, page_id=page.pk, template_id=row.pk, **data)
        return Response(shapes.NoticeTemplateSerializer(row).data)

    @extend_schema(responses=shapes.PageVersionSerializer(many=True))
    @action(detail=True, methods=["get"])
    def versions(self, request: Request, slug: str) -> Response:
        """What was published, by whom and why, newest first (the last 100)."""
        rows = self.get_object().snapshots.select_related("author").defer("files").order_by("-version")[:100]
        return Response({"results": shapes.PageVersionSerializer(rows, many=True).data})

    @extend_schema(
        parameters=[OpenApiParameter("days", OpenApiTypes.INT, description=f"1 to {_MOST_DAYS}, else 90.")],
        responses=shapes.ComponentUptimeSerializer(many=True),
    )
    @action(detail=True, methods=["get"])
    def uptime(self, request: Request, slug: str) -> Response:
        """Uptime of each component by day of the page's calendar, oldest first."""
        page = self.get_object()
        given = request.query_params.get("days", "90")
        if (
            not given.isascii()
            or not given.isdigit()
            or not 1 <= int(given[:4]) <= _MOST_DAYS
            or len(given) > 3
        ):
            raise field_error("days", f"From 1 to {_MOST_DAYS}.")
        now, zone = clock.now(), page.zone
        today: dt.date = now.astimezone(zone).date()
        spans = component_spans([row.pk for row in page.components.all()], now)
        results = []
        for component in page.components.all():
            found = days(counted(spans[component.pk], component, zone), zone, today, int(given))
            results.append(
                {
                    "component": component.public_id,
                    "uptime": together(day.tally for day in found).uptime,
                    "days": [
                        {"date": day.date, "uptime": day.tally.uptime, "seconds": day.tally.seconds}
                        for day in found
                    ],
                }
            )
        return Response({"results": results})

    def _seen(self, rows: Any) -> Any:
        """Components with those of their services that the actor may see."""
        services = Prefetch("services", queryset=Service.objects.visible_to(self.actor))
        return rows.select_related("group").prefetch_related(services)

    def _component(self, page: StatusPage, data: dict[str, Any]) -> dict[str, Any]:
        """Ids and slugs as the actions take them."""
        if "group" in data:
            group = data.pop("group")
            data["group_id"] = ids_of(page.groups, [group], "group")[group] if group else None
        if "services" in data:
            slugs = data.pop("services")
            found = dict(
                Service.objects.visible_to(self.actor).filter(slug__in=slugs).values_list("slug", "pk")
            )
            if set(slugs) - set(found):
                raise field_error("services", "There is no such service.")
            data["service_ids"] = list(found.values())
        return data

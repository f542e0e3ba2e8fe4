"""`runbooks/`: instructions, their versions and reviews; and runbooks at work on `incidents/<number>/`."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api.pagination import KeysetPagination
from core.api.serializers import valid
from core.api.views import ActorViewSet
from core.errors import NotVisible, field_error
from incidents import actions
from incidents.api import runbook_shapes as shapes
from incidents.api.serializers import EmptyInput
from incidents.models import Incident, IncidentType, Runbook, RunbookRun
from incidents.runbooks import selectors
from incidents.runbooks.working import offers, runs_of, step_states
from incidents.selectors import for_page
from services.models import Service

_RUNBOOK = r"runbooks/(?P<runbook_id>[0-9]{1,18})"
_FILTERS = [
    OpenApiParameter("team", str, description="Slug, or `organisation`"),
    OpenApiParameter("service", str, description="Slug"),
    OpenApiParameter("stale", str, description="1: those whose review is due"),
    OpenApiParameter("active", str, description="0: those out of use as well"),
    OpenApiParameter("q", str, description="Words of name or purpose"),
]


class ById(KeysetPagination):
    ordering = "id"


class RunbookViewSet(ActorViewSet):
    """Runbooks by id. Seen as their team is; written by its managers, the organisation's by admins."""

    model = Runbook
    serializer_class = shapes.RunbookSerializer
    pagination_class = ById
    lookup_value_regex = "[0-9]{1,18}"

    @property
    def write_scope(self) -> str:  # type: ignore[override]  # what is done with it decides
        return "respond" if self.action == "review" else "manage"

    def visible(self) -> Any:
        return selectors.for_list(self.actor).prefetch_related("types")

    @extend_schema(parameters=_FILTERS)
    def list(self, request: Request) -> Response:
        """Those in use one may see."""
        rows = selectors.filtered(self.get_queryset(), self.actor, request.query_params.dict(), clock.now())
        return self.get_paginated_response(self._shown(self.paginate_queryset(rows)))

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(self._shown([self.get_object()])[0])

    @extend_schema(request=shapes.RunbookInput, responses={201: shapes.RunbookSerializer})
    def create(self, request: Request) -> Response:
        """With `body` also its first version. Without `team` it is the organisation's."""
        data = self._typed(valid(shapes.RunbookInput, request))
        data["team_id"] = data.pop("team", None)
        runbook = actions.create_runbook(actor=self.actor, **data)
        return self._answer(runbook.pk, status.HTTP_201_CREATED)

    @extend_schema(request=shapes.RunbookChange, responses=shapes.RunbookSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is said about it and what it is for; its text changes by `versions/`."""
        runbook = self.get_object()
        data = self._typed(valid(shapes.RunbookChange, request))
        actions.edit_runbook(actor=self.actor, runbook_id=runbook.pk, **data)
        return self._answer(runbook.pk)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take it out of use; what was done with it stays."""
        actions.edit_runbook(actor=self.actor, runbook_id=self.get_object().pk, active=False)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(methods=["GET"], request=None, responses=shapes.RunbookVersionSerializer(many=True))
    @extend_schema(
        methods=["POST"],
        request=shapes.RunbookVersionInput,
        responses={201: shapes.RunbookVersionSerializer},
    )
    @action(detail=True, methods=["get", "post"], pagination_class=None)
    def versions(self, request: Request, pk: str) -> Response:
        """The versions, newest first; or publish the next one. The same text again gives the newest."""
        runbook = self.get_object()
        if request.method == "POST":
            data = valid(shapes.RunbookVersionInput, request)
            version = actions.publish_runbook(actor=self.actor, runbook_id=runbook.pk, **data)
            return Response(shapes.RunbookVersionSerializer(version).data, status=status.HTTP_201_CREATED)
        rows = runbook.versions.order_by("-number")[:100]
        return Response({"results": shapes.RunbookVersionSerializer(rows, many=True).data})

    @extend_schema(request=shapes.RunbookRestoreInput, responses={201: shapes.RunbookVersionSerializer})
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Publish the text of an earlier version anew."""
        data = valid(shapes.RunbookRestoreInput, request)
        version = actions.restore_runbook(
            actor=self.actor, runbook_id=self.get_object().pk, number=data["version"]
        )
        return Response(shapes.RunbookVersionSerializer(version).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=EmptyInput, responses=shapes.RunbookSerializer)
    @action(detail=True, methods=["post"])
    def review(self, request: Request, pk: str) -> Response:
        """It was read today and is right: its owner, responders of its team, admins."""
        runbook = self.get_object()
        valid(EmptyInput, request)
        actions.review_runbook(actor=self.actor, runbook_id=runbook.pk)
        return self._answer(runbook.pk)

    def _typed(self, data: dict[str, Any]) -> dict[str, Any]:
        """Names become ids."""
        if "owner" in data:
            data["owner_id"] = data.pop("owner")
        if "services" in data:
            rows = Service.objects.visible_to(self.actor)
            data["service_ids"] = _ids("services", data.pop("services"), rows, "slug")
        if "types" in data:
            data["type_ids"] = _ids("types", data.pop("types"), IncidentType.objects.all(), "key")
        return data

    def _answer(self, pk: int, code: int = 200) -> Response:
        row = self.visible().filter(pk=pk).first()
        if row is None:
            raise NotVisible
        return Response(self._shown([row])[0], status=code)

    def _shown(self, rows: Any) -> Any:
        context = {
            **self.get_serializer_context(),
            "now": clock.now(),
            "services": selectors.services_of(self.actor, rows),
            "bodies": selectors.bodies_of(rows),
        }
        return shapes.RunbookSerializer(rows, many=True, context=context).data


class RunbookVerbs(ActorViewSet):
    """Mixed into `IncidentViewSet`."""

    @extend_schema(responses=shapes.RunbookOfferShape(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def runbooks(self, request: Request, number: str) -> Response:
        """What fits the incident, the best first, and what was started on it."""
        incident = for_page(self.actor, int(number))
        if incident is None:
            raise NotVisible
        services = [row.service for row in incident.service_rows.all()]
        rows = [
            {
                "runbook": offer.runbook,
                "why": offer.why,
                "stale": offer.stale,
                "url": f"{incident.get_absolute_url()}runbooks/{offer.runbook.pk}/",
                "run": _run(offer.run) if offer.run else None,
            }
            for offer in offers(self.actor, incident, services, clock.now())
        ]
        return Response({"results": shapes.RunbookOfferShape(rows, many=True).data})

    @extend_schema(request=EmptyInput, responses={201: shapes.RunbookRunShape})
    @action(detail=True, methods=["post"], url_path=f"{_RUNBOOK}/start")
    def runbook_start(self, request: Request, number: str, runbook_id: str) -> Response:
        """Begin it with its newest version; once each incident, again gives the same run."""
        valid(EmptyInput, request)
        actions.start_runbook(actor=self.actor, number=int(number), runbook_id=int(runbook_id))
        return self._run(number, runbook_id, status.HTTP_201_CREATED)

    @extend_schema(request=shapes.RunbookTickInput, responses=shapes.RunbookRunShape)
    @action(detail=True, methods=["post"], url_path=f"{_RUNBOOK}/tick")
    def runbook_tick(self, request: Request, number: str, runbook_id: str) -> Response:
        """A step is done, or with `done` false is not after all. The first tick starts the runbook."""
        data = valid(shapes.RunbookTickInput, request)
        actions.tick_step(
            actor=self.actor,
            number=int(number),
            runbook_id=int(runbook_id),
            key=data["step"],
            done=data["done"],
        )
        return self._run(number, runbook_id)

    @extend_schema(request=EmptyInput, responses=shapes.RunbookRunShape)
    @action(detail=True, methods=["post"], url_path=f"{_RUNBOOK}/switch")
    def runbook_switch(self, request: Request, number: str, runbook_id: str) -> Response:
        """Go on with the newest version; steps with the same words stay done."""
        valid(EmptyInput, request)
        actions.switch_version(actor=self.actor, number=int(number), runbook_id=int(runbook_id))
        return self._run(number, runbook_id)

    @extend_schema(request=shapes.RunbookRatingInput, responses=shapes.RunbookRunShape)
    @action(detail=True, methods=["post"], url_path=f"{_RUNBOOK}/rate")
    def runbook_rate(self, request: Request, number: str, runbook_id: str) -> Response:
        """Say whether it helped; the last word counts."""
        data = valid(shapes.RunbookRatingInput, request)
        actions.rate_runbook(actor=self.actor, number=int(number), runbook_id=int(runbook_id), **data)
        return self._run(number, runbook_id)

    def _run(self, number: str, runbook_id: str, code: int = 200) -> Response:
        incident = Incident.objects.visible_to(self.actor).filter(number=int(number)).first()
        run = runs_of(self.actor, incident).get(int(runbook_id)) if incident else None
        if run is None:
            raise NotVisible
        return Response(shapes.RunbookRunShape(_run(run)).data, status=code)


def _run(run: RunbookRun) -> dict[str, Any]:
    newest = run.runbook.version
    return {
        "runbook": run.runbook_id,
        "name": run.runbook.name,
        "version": run.version.number,
        "newer_version": newest if newest != run.version.number else 0,
        "started_at": run.started_at,
        "started_by_label": run.started_by_label,
        "finished_at": run.finished_at,
        "helpful": run.helpful,
        "comment": run.comment,
        "steps": step_states(run.version, run),
    }


def _ids(field: str, names: list[str], rows: Any, by: str) -> list[int]:
    """Names as ids; `InvalidInput` naming the first there is none of."""
    found = dict(rows.filter(**{f"{by}__in": names}).values_list(by, "pk"))
    for name in names:
        if name not in found:
            raise field_error(field, f"There is nothing called “{name[:60]}”.")
    return list(found.values())

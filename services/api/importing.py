"""`services/import/` and `services/export/`: the catalog as a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api.idempotency import IdempotencyMixin
from oncall.api.base import actor_of
from services.actions.importing import import_catalog, plan_import, read_catalog
from services.importing.entities import MAX_BYTES
from services.importing.exporting import export
from services.importing.plan import MAX_CHANGES, MAX_PROBLEMS, Plan
from services.importing.reading import FORMATS, MEDIA_TYPES


class TooLarge(exceptions.APIException):
    status_code = 413
    default_code = "too_large"
    default_detail = f"A catalog file holds at most {MAX_BYTES // 1024 // 1024} MB."


@dataclass
class CatalogFile:
    """A file as it came. `query` is part of it, so that a repeated key with another question is refused."""

    content: bytes
    media_type: str
    query: str


class FileParser(BaseParser):
    """Any of the media types a catalog file comes in, read up to its limit."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        request = parser_context["request"]
        content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise TooLarge
        query = request.query_params.urlencode()
        return CatalogFile(content, (media_type or "").partition(";")[0].strip().lower(), query)


_PARSERS: list[type[BaseParser]] = [
    type(f"Parser{number}", (FileParser,), {"media_type": name}) for number, name in enumerate(MEDIA_TYPES)
]


class OneAnswer(BaseContentNegotiation):
    """The answer has one form, whatever is asked for; `?format=` is about the file."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        wanted = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == wanted), None)

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class ImportProblemSerializer(serializers.Serializer[Any]):
    """A fault: `document` and `line` from 1 (0: the file as a whole), which entity and field, and what is wrong."""

    document = serializers.IntegerField()
    line = serializers.IntegerField()
    entity = serializers.CharField()
    field = serializers.CharField()  # type: ignore[assignment]  # the word of the contract
    message = serializers.CharField()


class ImportFindingSerializer(serializers.Serializer[Any]):
    """Worth knowing, no fault. `kind`: cycle, dangling, not_imported."""

    kind = serializers.CharField()
    message = serializers.CharField()
    services = serializers.ListField(child=serializers.CharField())
    reference = serializers.CharField()


class ImportChangeSerializer(serializers.Serializer[Any]):
    """What happens to one row. `type`: service, system, domain; `action`: created, updated; `fields`: [old, new]."""

    slug = serializers.CharField()
    type = serializers.CharField()
    action = serializers.CharField()
    fields = serializers.DictField(child=serializers.ListField())  # type: ignore[assignment]  # the contract's word
    edges_added = serializers.ListField(child=serializers.DictField())
    edges_removed = serializers.ListField(child=serializers.DictField())
    edges_changed = serializers.ListField(child=serializers.DictField())


class ImportResultSerializer(serializers.Serializer[Any]):
    """What was done, or with `?plan=1` would be: counts, faults, findings. `changes` comes with a plan alone."""

    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    added_edges = serializers.IntegerField()
    removed_edges = serializers.IntegerField()
    problems = ImportProblemSerializer(many=True)
    problem_count = serializers.IntegerField()
    findings = ImportFindingSerializer(many=True)
    changes = ImportChangeSerializer(many=True, required=False)


def result_of(plan: Plan, *, shown: bool) -> dict[str, Any]:
    """The wire shape of a plan; with its changes when `shown`."""
    added, removed = plan.edge_counts
    found: dict[str, Any] = {
        **plan.counts,
        "added_edges": added,
        "removed_edges": removed,
        "problems": [row._asdict() for row in plan.problems[:MAX_PROBLEMS]],
        "problem_count": len(plan.problems),
        "findings": [row._asdict() for row in plan.findings],
    }
    return {**found, "changes": plan.changes[:MAX_CHANGES]} if shown else found


class ImportView(IdempotencyMixin, APIView):
    """Makes the catalog what a file says."""

    write_scope = "manage"
    parser_classes = _PARSERS
    content_negotiation_class = OneAnswer

    @extend_schema(
        operation_id="services_import",
        request=dict.fromkeys(("application/yaml", "text/csv"), OpenApiTypes.STR),
        responses=ImportResultSerializer,
        parameters=[
            OpenApiParameter(
                "plan", OpenApiTypes.BOOL, description="Change nothing; tell what would happen."
            ),
            OpenApiParameter(
                "format", enum=list(FORMATS), description="The format, where the content does not show it."
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Import `catalog-info.yaml` of Backstage (several documents), opslevel.yml or CSV.

        Faulty entities, and those of teams one does not manage, are rows of `problems`; the others are imported. The
        same file again changes nothing.
        """
        if not isinstance(request.data, CatalogFile):
            raise exceptions.ParseError("Send the file as the body, with its Content-Type.")
        actor, query = actor_of(request), request.query_params
        parsed = read_catalog(
            actor=actor,
            content=request.data.content,
            media_type=request.data.media_type,
            form=query.get("format", ""),
        )
        if query.get("plan", "").lower() in ("1", "true", "yes"):
            return Response(result_of(plan_import(actor=actor, parsed=parsed), shown=True))
        return Response(result_of(import_catalog(actor=actor, parsed=parsed), shown=False))


class ExportView(APIView):
    """The catalog as a file."""

    read_scope = "read"
    content_negotiation_class = OneAnswer

    @extend_schema(
        operation_id="services_export",
        responses={(200, "application/yaml"): OpenApiTypes.STR},
        parameters=[OpenApiParameter("team", OpenApiTypes.STR, description="What this team owns alone.")],
    )
    def get(self, request: Request) -> HttpResponse:
        """Everything one sees as entities of Backstage. Importing it again changes nothing."""
        text = export(actor_of(request), team=request.query_params.get("team", ""))
        return HttpResponse(text, content_type="application/yaml; charset=utf-8")

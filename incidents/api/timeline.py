"""Verbs of `incidents/<number>/` that write into the timeline, the timeline as a file, and suspected causes."""

from __future__ import annotations

from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.serializers import StrictSerializer, valid
from core.api.views import ActorViewSet
from core.errors import field_error
from incidents import actions
from incidents.api.serializers import EntrySerializer, PersonSerializer
from incidents.choices import CauseState
from incidents.evidence import MAX_FILES, Upload
from incidents.exports import FORMATS
from incidents.models import SuspectedCause
from incidents.views.timeline import exported

_CAUSE = r"(?P<cause_id>[0-9]{1,18})"


class DecisionInput(StrictSerializer):
    choice = serializers.CharField(max_length=2_000)
    question = serializers.CharField(max_length=300, required=False, allow_blank=True)
    who = serializers.CharField(max_length=200, required=False, allow_blank=True)
    why = serializers.CharField(max_length=1_000, required=False, allow_blank=True)
    alternatives = serializers.ListField(
        child=serializers.CharField(max_length=300), required=False, max_length=10
    )
    happened_at = serializers.DateTimeField(required=False, allow_null=True)


class EvidenceInput(StrictSerializer):
    files = serializers.ListField(child=serializers.FileField(), required=False, max_length=MAX_FILES)
    text = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    link = serializers.CharField(max_length=500, required=False, allow_blank=True)
    happened_at = serializers.DateTimeField(required=False, allow_null=True)
    key = serializers.CharField(max_length=64, required=False, allow_blank=True)


class CauseInput(StrictSerializer):
    text = serializers.CharField(max_length=300)
    owner = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**63 - 1)
    evidence = serializers.CharField(max_length=5_000, required=False, allow_blank=True)
    evidence_link = serializers.CharField(max_length=500, required=False, allow_blank=True)


class CauseEdit(CauseInput):
    """`base` and `evidence_base`: the texts you began from; 409 when they have changed since."""

    text = serializers.CharField(max_length=300, required=False)
    state = serializers.ChoiceField(CauseState.choices, required=False)
    base = serializers.CharField(max_length=300, required=False, allow_blank=True)
    evidence_base = serializers.CharField(max_length=5_000, required=False, allow_blank=True)


class CauseSerializer(serializers.ModelSerializer[SuspectedCause]):
    """A suspected cause; `owner` looks into it."""

    owner = serializers.SerializerMethodField()
    state = serializers.ChoiceField(CauseState.choices, read_only=True)

    class Meta:
        model = SuspectedCause
        fields = ("id", "text", "state", "owner", "evidence", "evidence_link", "created_at", "changed_at")
        read_only_fields = fields

    @extend_schema_field(PersonSerializer(allow_null=True))
    def get_owner(self, row: SuspectedCause) -> dict[str, Any] | None:
        return {"id": row.owner_id, "name": row.owner.name} if row.owner else None


class TimelineVerbs(ActorViewSet):
    """Mixed into `IncidentViewSet`."""

    @extend_schema(request=DecisionInput, responses={201: EntrySerializer})
    @action(detail=True, methods=["post"], url_path="add-decision")
    def add_decision(self, request: Request, number: str) -> Response:
        """Record what was decided: the outcome, who, why, and what was not taken."""
        entry = actions.add_decision(actor=self.actor, number=int(number), **valid(DecisionInput, request))
        return Response(EntrySerializer(entry).data, status=status.HTTP_201_CREATED)

    @extend_schema(request={"multipart/form-data": EvidenceInput}, responses={201: EntrySerializer})
    @action(detail=True, methods=["post"], url_path="add-evidence", parser_classes=[MultiPartParser])
    def add_evidence(self, request: Request, number: str) -> Response:
        """Attach pictures (PNG, JPEG, GIF, WebP) and texts, 10 MB each, or a link."""
        data = valid(EvidenceInput, request)
        files = [
            Upload(file.name or "file", file.size or 0, file.file)
            for file in data.pop("files", [])
            if file.file is not None
        ]
        entry = actions.add_evidence(actor=self.actor, number=int(number), files=files, **data)
        return Response(EntrySerializer(entry).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        parameters=[
            OpenApiParameter("as", str, enum=sorted(FORMATS), description="Format; json when not given"),
            OpenApiParameter("starred", bool, description="Only what is starred"),
        ],
        responses={(200, "application/json"): OpenApiTypes.OBJECT, (200, "text/csv"): OpenApiTypes.STR},
    )
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def export(self, request: Request, number: str) -> HttpResponseBase:
        """The whole timeline as a file: Markdown, CSV or JSON."""
        form = request.query_params.get("as", "json")
        if form not in FORMATS:
            raise field_error("as", f"One of {', '.join(sorted(FORMATS))}.")
        return exported(request._request, self.get_object(), form)

    @extend_schema(methods=["get"], responses=CauseSerializer(many=True))
    @extend_schema(methods=["post"], request=CauseInput, responses={201: CauseSerializer})
    @action(detail=True, methods=["get", "post"], pagination_class=None, filterset_class=None)
    def causes(self, request: Request, number: str) -> Response:
        """Suspected causes; POST writes one down."""
        if request.method == "GET":
            rows = SuspectedCause.objects.filter(incident=self.get_object()).select_related("owner")
            return Response({"results": CauseSerializer(rows, many=True).data})
        data = valid(CauseInput, request)
        cause = actions.add_cause(
            actor=self.actor, number=int(number), owner_id=data.pop("owner", None), **data
        )
        return Response(CauseSerializer(cause).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=CauseEdit, responses=CauseSerializer)
    @action(detail=True, methods=["patch"], url_path=f"causes/{_CAUSE}", filterset_class=None)
    def cause(self, request: Request, number: str, cause_id: str) -> Response:
        """Change a suspected cause, its owner or its state. 409 when its text changed since `base`."""
        data = valid(CauseEdit, request)
        if "owner" in data:
            data["owner_id"] = data.pop("owner")
        cause = actions.edit_cause(actor=self.actor, number=int(number), cause_id=int(cause_id), **data)
        return Response(CauseSerializer(cause).data)

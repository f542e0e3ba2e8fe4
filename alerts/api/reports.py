"""`report-forms/`: the public forms of integrations of kind `report`. `id` is the integration's."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.actions import reports
from alerts.choices import SourceKind
from alerts.models import Integration
from alerts.sources.report import MAX_INTRO, MAX_TITLE
from alerts.watch import selectors as watched
from core.api.serializers import StrictSerializer, valid
from core.api.views import ActorViewSet


class ReportFormSerializer(serializers.ModelSerializer[Integration]):
    """`url`: where anybody may report; it answers only while `is_active`."""

    slug = serializers.CharField(source="mail_local", read_only=True)
    title = serializers.SerializerMethodField()
    intro = serializers.SerializerMethodField()
    urgent = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()
    service: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField("slug", read_only=True)

    class Meta:
        model = Integration
        fields = ("id", "slug", "title", "intro", "urgent", "url", "service", "is_active")
        read_only_fields = fields

    def get_title(self, row: Integration) -> str:
        return reports.form_title(row)

    def get_intro(self, row: Integration) -> str:
        return str(row.settings.get("intro", ""))

    def get_urgent(self, row: Integration) -> bool:
        return bool(row.settings.get("urgent"))

    def get_url(self, row: Integration) -> str:
        return watched.report_url(row)


class ReportFormInput(StrictSerializer):
    slug = serializers.CharField(max_length=64, required=False)
    title = serializers.CharField(max_length=MAX_TITLE, required=False, allow_blank=True)
    intro = serializers.CharField(max_length=MAX_INTRO, required=False, allow_blank=True)
    urgent = serializers.BooleanField(required=False)


class ReportFormViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ActorViewSet):
    """Public forms. One is made as an integration of kind `report`."""

    model = Integration
    serializer_class = ReportFormSerializer
    lookup_value_regex = "[0-9]{1,18}"

    def visible(self) -> QuerySet[Integration]:
        rows: QuerySet[Integration] = Integration.objects.visible_to(self.actor)
        return rows.filter(kind=SourceKind.REPORT).select_related("service")

    @extend_schema(request=ReportFormInput, responses=ReportFormSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change its address and words."""
        data = valid(ReportFormInput, request)
        self.get_object()
        row = reports.set_report_form(actor=self.actor, integration_id=int(pk), **data)
        return Response(ReportFormSerializer(row).data)

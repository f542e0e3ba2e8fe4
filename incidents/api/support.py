"""The support desk in the API: customer reports and questions."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.serializers import StrictSerializer, valid
from core.api.views import ActorViewSet
from core.errors import NotVisible
from incidents import actions
from incidents.models import CustomerReport, Incident, SupportQuestion


class ReportSerializer(serializers.ModelSerializer[CustomerReport]):
    reported_by = serializers.CharField(source="reported_by_label")

    class Meta:
        model = CustomerReport
        fields = ("id", "customer", "ticket", "ticket_link", "note", "reported_by", "reported_at")


class QuestionSerializer(serializers.ModelSerializer[SupportQuestion]):
    asked_by = serializers.CharField(source="asked_by_label")
    answered_by = serializers.SerializerMethodField()

    class Meta:
        model = SupportQuestion
        fields = ("id", "text", "asked_by", "asked_at", "answer", "answered_by", "answered_at")

    def get_answered_by(self, row: SupportQuestion) -> str | None:
        return row.answered_by.name if row.answered_by else None


class ReportInput(StrictSerializer):
    customer = serializers.CharField(max_length=200, required=False, allow_blank=True)
    ticket = serializers.CharField(max_length=100, required=False, allow_blank=True)
    ticket_link = serializers.CharField(max_length=500, required=False, allow_blank=True)
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)


class QuestionInput(StrictSerializer):
    text = serializers.CharField(max_length=1000)


class AnswerInput(StrictSerializer):
    answer = serializers.CharField(max_length=2000)


class SupportVerbs:
    """Part of the incident view set."""

    @extend_schema(request=ReportInput, responses={201: ReportSerializer})
    @action(detail=True, methods=["get", "post"], pagination_class=None, filterset_class=None)
    def reports(self: Any, request: Request, number: str) -> Response:
        """Customers who reported it: `results` (newest 500 first) and `count`; POST adds one.

        409 `ticket_counted` for a ticket that is counted already.
        """
        if request.method == "POST":
            row = actions.add_report(actor=self.actor, number=int(number), **valid(ReportInput, request))
            return Response(ReportSerializer(row).data, status=status.HTTP_201_CREATED)
        rows = CustomerReport.objects.filter(incident=self.get_object())
        shown = ReportSerializer(rows.order_by("-pk")[:500], many=True).data
        return Response({"results": shown, "count": rows.count()})

    @extend_schema(request=QuestionInput, responses={201: QuestionSerializer})
    @action(detail=True, methods=["get", "post"], pagination_class=None, filterset_class=None)
    def questions(self: Any, request: Request, number: str) -> Response:
        """What support asked, newest first (200 at most); POST asks."""
        if request.method == "POST":
            row = actions.ask(actor=self.actor, number=int(number), **valid(QuestionInput, request))
            return Response(QuestionSerializer(row).data, status=status.HTTP_201_CREATED)
        rows = SupportQuestion.objects.filter(incident=self.get_object()).select_related("answered_by")
        return Response({"results": QuestionSerializer(rows.order_by("-pk")[:200], many=True).data})


class QuestionViewSet(ActorViewSet):
    """A question by its id, to answer it."""

    model = SupportQuestion
    serializer_class = QuestionSerializer
    lookup_value_regex = "[0-9]{1,18}"
    write_scope = "respond"

    def visible(self) -> QuerySet[SupportQuestion]:
        rows = SupportQuestion.objects.filter(incident__in=Incident.objects.visible_to(self.actor))
        return rows.select_related("incident", "answered_by")

    @extend_schema(request=AnswerInput, responses=QuestionSerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str) -> Response:
        """Answer for all of support to read; again replaces the answer."""
        row = self.visible().filter(pk=int(pk)).first()
        if row is None:
            raise NotVisible
        actions.answer_question(
            actor=self.actor, number=row.incident.number, question_id=row.pk, **valid(AnswerInput, request)
        )
        return Response(self.get_serializer(self.visible().get(pk=row.pk)).data)

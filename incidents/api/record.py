"""Verbs of `incidents/<number>/` about what is known of it: type, answers, impact, criteria, times, relations."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api.serializers import valid
from core.api.views import ActorViewSet
from core.errors import NotVisible, field_error
from incidents import actions, details
from incidents.actions import gate, severity_list
from incidents.actions.criteria import verdicts
from incidents.api import record_shapes as shapes
from incidents.api.serializers import EmptyInput, IncidentSerializer
from incidents.choices import IncidentStatus
from incidents.criteria import describe
from incidents.models import ExitCriterion, ImpactRow, Incident, SeverityLevel
from incidents.priority import matrix, suggest
from services.models import Service

_ROW = r"(?P<row_id>[0-9]{1,18})"


class RecordVerbs(ActorViewSet):
    """Mixed into `IncidentViewSet`."""

    def _answer(self, number: int, code: int = 200) -> Response:
        raise NotImplementedError

    @extend_schema(request=shapes.TypeInput, responses=IncidentSerializer)
    @action(detail=True, methods=["post"], url_path="set-type")
    def set_type(self, request: Request, number: str) -> Response:
        """Set the type by its key, or null. A restricted type restricts the incident."""
        data = valid(shapes.TypeInput, request)
        actions.set_type(actor=self.actor, number=int(number), type_key=data["type"])
        return self._answer(int(number))

    @extend_schema(request=shapes.FieldsInput, responses=IncidentSerializer)
    @action(detail=True, methods=["post"], url_path="set-fields")
    def set_fields(self, request: Request, number: str) -> Response:
        """Answer custom fields by key; null takes an answer back. `base`: what was read before; 409 with the
        present answers when somebody changed one of them since."""
        data = valid(shapes.FieldsInput, request)
        actions.set_fields(
            actor=self.actor, number=int(number), answers=data["fields"], base=data.get("base")
        )
        return self._answer(int(number))

    @extend_schema(responses=shapes.AskedSerializer(many=True))
    @action(detail=True, methods=["get"], url_path="fields", pagination_class=None, filterset_class=None)
    def fields(self, request: Request, number: str) -> Response:
        """The fields asked of this incident now, with their answers."""
        incident = self.get_object()
        rows = [
            {"field": field, "answer": incident.fields.get(field.key)}
            for field in details.asked(details.definitions(), incident)
        ]
        return Response({"results": shapes.AskedSerializer(rows, many=True).data})

    @extend_schema(request=shapes.TimesInput, responses=IncidentSerializer)
    @action(detail=True, methods=["post"], url_path="set-times")
    def set_times(self, request: Request, number: str) -> Response:
        """Correct named times; null: not known. Order is checked, the audit log keeps old and new."""
        data = valid(shapes.TimesInput, request)
        actions.set_times(
            actor=self.actor, number=int(number), times=data["times"], reason=data.get("reason", "")
        )
        return self._answer(int(number))

    @extend_schema(request=shapes.HoldInput, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def hold(self, request: Request, number: str) -> Response:
        """Park until an instant, with the reason."""
        actions.hold(actor=self.actor, number=int(number), **valid(shapes.HoldInput, request))
        return self._answer(int(number))

    @extend_schema(request=EmptyInput, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, number: str) -> Response:
        """Go on with a parked incident."""
        valid(EmptyInput, request)
        actions.resume(actor=self.actor, number=int(number))
        return self._answer(int(number))

    @extend_schema(request=shapes.ParentInput, responses=IncidentSerializer)
    @action(detail=True, methods=["post"], url_path="set-parent")
    def set_parent(self, request: Request, number: str) -> Response:
        """Make it part of a larger incident that goes on beside it; null: of none."""
        data = valid(shapes.ParentInput, request)
        actions.set_parent(actor=self.actor, number=int(number), parent=data["parent"])
        return self._answer(int(number))

    @extend_schema(request=shapes.RelateInput, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def relate(self, request: Request, number: str) -> Response:
        """Say that it is related to another incident, or a duplicate of it."""
        actions.relate(actor=self.actor, number=int(number), **valid(shapes.RelateInput, request))
        return self._answer(int(number))

    @extend_schema(request=shapes.UnrelateInput, responses=IncidentSerializer)
    @action(detail=True, methods=["post"])
    def unrelate(self, request: Request, number: str) -> Response:
        """Take a relation back."""
        actions.unrelate(actor=self.actor, number=int(number), **valid(shapes.UnrelateInput, request))
        return self._answer(int(number))

    @extend_schema(request=shapes.MergeInInput, responses=IncidentSerializer)
    @action(detail=True, methods=["post"], url_path="merge-in")
    def merge_in(self, request: Request, number: str) -> Response:
        """Make several other incidents part of this one, all or none."""
        data = valid(shapes.MergeInInput, request)
        actions.merge_several(actor=self.actor, into=int(number), numbers=data["incidents"])
        return self._answer(int(number))

    @extend_schema(request=EmptyInput, responses={201: IncidentSerializer})
    @action(detail=True, methods=["post"], url_path="turn-real")
    def turn_real(self, request: Request, number: str) -> Response:
        """The drill has become real: opens a linked real incident and answers with that."""
        valid(EmptyInput, request)
        real = actions.declare_from_drill(actor=self.actor, number=int(number))
        return self._answer(real.number, status.HTTP_201_CREATED)

    @extend_schema(request=shapes.WorkaroundInput, responses=IncidentSerializer)
    @action(detail=True, methods=["post"], url_path="set-workaround")
    def set_workaround(self, request: Request, number: str) -> Response:
        """What keeps it going while the cause remains; "" when the cause is gone."""
        data = valid(shapes.WorkaroundInput, request)
        actions.set_workaround(actor=self.actor, number=int(number), text=data["workaround"])
        return self._answer(int(number))

    @extend_schema(request=shapes.FeedbackInput, responses={201: shapes.FeedbackSerializer})
    @action(detail=True, methods=["post"], url_path="give-feedback")
    def give_feedback(self, request: Request, number: str) -> Response:
        """How the response went; again replaces one's own."""
        row = actions.give_feedback(
            actor=self.actor, number=int(number), **valid(shapes.FeedbackInput, request)
        )
        return Response(shapes.FeedbackSerializer(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        parameters=[OpenApiParameter("severity", int, description="0 to 4", required=True)],
        responses=shapes.SeverityPlanSerializer,
    )
    @action(
        detail=True, methods=["get"], url_path="severity-preview", pagination_class=None, filterset_class=None
    )
    def severity_preview(self, request: Request, number: str) -> Response:
        """What setting this severity would page, promise and need; and what the matrix suggests."""
        incident = self.get_object()
        text = request.query_params.get("severity", "")
        level = SeverityLevel.objects.filter(pk=int(text)).first() if text in "01234" and text else None
        if level is None:
            raise field_error("severity", "A severity is a whole number from 0 to 4.")
        found = severity_list.plan(incident, level, clock.now())
        suggestion = suggest(incident.impact_rows.select_related("service"), matrix())
        return Response(shapes.SeverityPlanSerializer({"plan": found, "suggestion": suggestion}).data)

    @extend_schema(responses=shapes.GateSerializer)
    @action(detail=True, methods=["get"], url_path="gate", pagination_class=None, filterset_class=None)
    def gate(self, request: Request, number: str) -> Response:
        """What is in the way of resolving and of closing, now."""
        incident, now = self.get_object(), clock.now()
        return Response(
            {
                name: [
                    {"code": code, "reason": reason} for code, reason in gate.in_the_way(incident, name, now)
                ]
                for name in (IncidentStatus.RESOLVED.value, IncidentStatus.CLOSED.value)
            }
        )

    @extend_schema(methods=["GET"], responses=shapes.CriterionSerializer(many=True))
    @extend_schema(
        methods=["POST"], request=shapes.CriterionInput, responses={201: shapes.CriterionSerializer}
    )
    @action(detail=True, methods=["get", "post"], pagination_class=None, filterset_class=None)
    def criteria(self, request: Request, number: str) -> Response:
        """Exit criteria and whether they hold now; POST writes one down."""
        if request.method == "POST":
            row = actions.add_criterion(
                actor=self.actor, number=int(number), **valid(shapes.CriterionInput, request)
            )
            return Response(self._criterion(int(number), row), status=status.HTTP_201_CREATED)
        found = verdicts(self.get_object(), clock.now())
        return Response({"results": [_verdict(row) for row in found]})

    @extend_schema(request=shapes.TickInput, responses=shapes.CriterionSerializer)
    @action(detail=True, methods=["post"], url_path=rf"criteria/{_ROW}/tick")
    def tick_criterion(self, request: Request, number: str, row_id: str) -> Response:
        """Say that a manual criterion holds (`met`: true, the default) or not."""
        row = actions.tick_criterion(
            actor=self.actor, number=int(number), criterion_id=_id(row_id), **valid(shapes.TickInput, request)
        )
        return Response(self._criterion(int(number), row))

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["delete"], url_path=rf"criteria/{_ROW}")
    def criterion(self, request: Request, number: str, row_id: str) -> Response:
        """Take a criterion away."""
        actions.remove_criterion(actor=self.actor, number=int(number), criterion_id=_id(row_id))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _criterion(self, number: int, row: ExitCriterion) -> dict[str, Any]:
        incident = Incident.objects.visible_to(self.actor).get(number=number)
        found = next(each for each in verdicts(incident, clock.now()) if each.criterion.pk == row.pk)
        return _verdict(found)

    @extend_schema(methods=["GET"], responses=shapes.ImpactSerializer(many=True))
    @extend_schema(methods=["POST"], request=shapes.ImpactInput, responses={201: shapes.ImpactSerializer})
    @action(
        detail=True,
        methods=["get", "post"],
        url_path="impact-rows",
        pagination_class=None,
        filterset_class=None,
    )
    def impact_rows(self, request: Request, number: str) -> Response:
        """Who felt what, where, from when to when; POST adds a row."""
        if request.method == "POST":
            data = self._impact(valid(shapes.ImpactInput, request))
            row = actions.add_impact(actor=self.actor, number=int(number), **data)
            return Response(shapes.ImpactSerializer(row).data, status=status.HTTP_201_CREATED)
        seen = Service.objects.visible_to(self.actor)
        rows = self.get_object().impact_rows.select_related("service")
        found = [row for row in rows if row.service is None] + list(rows.filter(service__in=seen))
        found.sort(key=lambda row: (row.started_at, row.pk))
        return Response({"results": shapes.ImpactSerializer(found, many=True).data})

    @extend_schema(methods=["PATCH"], request=shapes.ImpactEdit, responses=shapes.ImpactSerializer)
    @extend_schema(methods=["DELETE"], request=None, responses={204: None})
    @action(detail=True, methods=["patch", "delete"], url_path=rf"impact-rows/{_ROW}")
    def impact_row(self, request: Request, number: str, row_id: str) -> Response:
        """Correct a row (only what is given changes), or take it away."""
        if request.method == "DELETE":
            actions.remove_impact(actor=self.actor, number=int(number), row_id=_id(row_id))
            return Response(status=status.HTTP_204_NO_CONTENT)
        data = valid(shapes.ImpactEdit, request)
        row: ImpactRow = actions.edit_impact(actor=self.actor, number=int(number), row_id=_id(row_id), **data)
        return Response(shapes.ImpactSerializer(row).data)

    def _impact(self, data: dict[str, Any]) -> dict[str, Any]:
        """`service` by slug or id as `service_id`."""
        name = data.pop("service", None)
        if name is None:
            return data
        visible = Service.objects.visible_to(self.actor)
        found = visible.filter(slug=name).first()
        if found is None and name.isascii() and name.isdigit() and len(name) < 19:
            found = visible.filter(pk=int(name)).first()
        if found is None:
            raise field_error("service", f"There is no service “{name[:80]}”.")
        return data | {"service_id": found.pk}


def _verdict(found: Any) -> dict[str, Any]:
    row = found.criterion
    shape = {
        "id": row.pk,
        "kind": row.kind,
        "text": row.text,
        "minutes": row.minutes,
        "summary": describe(row.kind, row.minutes, row.text),
        "met": found.met,
        "since": found.since,
        "why": found.why,
    }
    return dict(shapes.CriterionSerializer(shape).data)


def _id(text: str) -> int:
    number = int(text)
    if number >= 2**63:
        raise NotVisible
    return number

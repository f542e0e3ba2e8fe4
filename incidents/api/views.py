"""`/api/v1/incidents/`: the same actions as the pages."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.pagination import KeysetPagination
from core.api.serializers import valid
from core.api.views import ActorViewSet
from core.errors import NotVisible, field_error
from incidents import actions
from incidents.api import serializers as shapes
from incidents.api.communications import CommunicationVerbs
from incidents.api.customers import CustomerVerbs
from incidents.api.record import RecordVerbs
from incidents.api.roles import RoleVerbs
from incidents.api.runbooks import RunbookVerbs
from incidents.api.support import SupportVerbs
from incidents.api.tasks import TaskVerbs
from incidents.api.timeline import TimelineVerbs
from incidents.filters import IncidentFilter
from incidents.models import Incident, RoleAssignment
from incidents.selectors import for_list, timeline
from services.models import Service
from teams.models import Team

MAX_TIMELINE = 500


class NumberPagination(KeysetPagination):
    ordering = "-number"


class IncidentViewSet(
    CommunicationVerbs,
    SupportVerbs,
    CustomerVerbs,
    TaskVerbs,
    RoleVerbs,
    RunbookVerbs,
    TimelineVerbs,
    RecordVerbs,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    ActorViewSet,
):
    """Incidents by number. Verbs are POSTs on `incidents/<number>/<verb>/`."""

    model = Incident
    serializer_class = shapes.IncidentSerializer
    lookup_field = "number"
    lookup_value_regex = "[0-9]{1,9}"
    pagination_class = NumberPagination
    filterset_class = IncidentFilter
    write_scope = "respond"

    def visible(self) -> QuerySet[Incident]:
        roles = RoleAssignment.objects.filter(ended_at__isnull=True).select_related("user")
        return (
            for_list(self.actor)
            .select_related("merged_into", "parent", "type")
            .prefetch_related(Prefetch("role_rows", queryset=roles, to_attr="current_roles"))
        )

    @extend_schema(request=shapes.DeclareInput, responses={201: shapes.IncidentSerializer})
    def create(self, request: Request) -> Response:
        """Declare an incident; only `title` is needed. It starts in investigating and pages by default."""
        data = valid(shapes.DeclareInput, request)
        incident = actions.declare_incident(
            actor=self.actor,
            service_ids=self._service_ids(data.pop("services", [])),
            team_id=self._team_id(data.pop("team", None)),
            type_key=data.pop("type", None),
            **data,
        )
        return self._answer(incident.number, status.HTTP_201_CREATED)

    @extend_schema(request=shapes.EditInput, responses=shapes.IncidentSerializer)
    def partial_update(self, request: Request, number: str) -> Response:
        """Change impact and affected services; everything else has a verb."""
        data = valid(shapes.EditInput, request)
        incident = self.get_object()
        ids = self._service_ids(data["services"]) if "services" in data else None
        actions.set_impact(
            actor=self.actor,
            number=int(number),
            impact=data.get("impact", incident.impact),
            service_ids=ids,
        )
        return self._answer(int(number))

    @extend_schema(request=shapes.EmptyInput, responses=shapes.IncidentSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, number: str) -> Response:
        """Stop the paging. Again is no error; 409 when the incident is over."""
        valid(shapes.EmptyInput, request)
        actions.acknowledge(actor=self.actor, number=int(number))
        return self._answer(int(number))

    @extend_schema(request=shapes.EmptyInput, responses=shapes.IncidentSerializer)
    @action(detail=True, methods=["post"], url_path="pass-on")
    def pass_on(self, request: Request, number: str) -> Response:
        """ "I cannot take it": page whoever is next at once. 409 when it has not paged the caller."""
        valid(shapes.EmptyInput, request)
        actions.pass_on(actor=self.actor, number=int(number))
        return self._answer(int(number))

    @extend_schema(request=shapes.StatusInput, responses=shapes.IncidentSerializer)
    @action(detail=True, methods=["post"], url_path="set-status")
    def set_status(self, request: Request, number: str) -> Response:
        """Change the state; a forbidden transition is 409, the present state is 200."""
        data = valid(shapes.StatusInput, request)
        actions.set_status(actor=self.actor, number=int(number), **data)
        return self._answer(int(number))

    @extend_schema(request=shapes.SeverityInput, responses=shapes.IncidentSerializer)
    @action(detail=True, methods=["post"], url_path="set-severity")
    def set_severity(self, request: Request, number: str) -> Response:
        """Set the severity, 0 to 4, or null."""
        data = valid(shapes.SeverityInput, request)
        actions.set_severity(actor=self.actor, number=int(number), **data)
        return self._answer(int(number))

    @extend_schema(request=shapes.RoleInput, responses=shapes.IncidentSerializer)
    @action(detail=True, methods=["post"], url_path="assign-role")
    def assign_role(self, request: Request, number: str) -> Response:
        """Give a role to a person, or to whoever is on call in a schedule; or empty it with a null user."""
        data = valid(shapes.RoleInput, request)
        ids = {"user_id": data.pop("user", None), "schedule_id": data.pop("schedule", None)}
        actions.fill_role(actor=self.actor, number=int(number), **ids, **data)
        return self._answer(int(number))

    @extend_schema(request=shapes.NoteInput, responses={201: shapes.EntrySerializer})
    @action(detail=True, methods=["post"], url_path="add-note")
    def add_note(self, request: Request, number: str) -> Response:
        """Write a note; `happened_at` may lie in the past."""
        entry = actions.add_note(actor=self.actor, number=int(number), **valid(shapes.NoteInput, request))
        return Response(shapes.EntrySerializer(entry).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=shapes.UpdateInput, responses={201: shapes.UpdateSerializer})
    @action(detail=True, methods=["post"], url_path="post-update")
    def post_update(self, request: Request, number: str) -> Response:
        """Tell an audience something and promise the next word."""
        data = valid(shapes.UpdateInput, request)
        update = actions.post_update(actor=self.actor, number=int(number), **data)
        return Response(shapes.UpdateSerializer(update).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=shapes.ResolveInput, responses=shapes.IncidentSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, number: str) -> Response:
        """Resolve; with a reason from any active state by commander, manager or admin."""
        data = valid(shapes.ResolveInput, request)
        actions.resolve_with(actor=self.actor, number=int(number), answers={}, **data)
        return self._answer(int(number))

    @extend_schema(request=shapes.ReopenInput, responses=shapes.IncidentSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, number: str) -> Response:
        """Back to investigating."""
        actions.reopen(actor=self.actor, number=int(number), **valid(shapes.ReopenInput, request))
        return self._answer(int(number))

    @extend_schema(request=shapes.MergeInput, responses=shapes.IncidentSerializer)
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, number: str) -> Response:
        """Make this incident part of another; answers with this one."""
        actions.merge(actor=self.actor, number=int(number), **valid(shapes.MergeInput, request))
        return self._answer(int(number))

    @extend_schema(request=shapes.EmptyInput, responses=shapes.IncidentSerializer)
    @action(detail=True, methods=["post"])
    def unmerge(self, request: Request, number: str) -> Response:
        """Undo the merge of this incident; 409 when the other one is closed or merged itself."""
        valid(shapes.EmptyInput, request)
        actions.unmerge(actor=self.actor, number=int(number))
        return self._answer(int(number))

    @extend_schema(request=shapes.VisibilityInput, responses=shapes.IncidentSerializer)
    @action(detail=True, methods=["post"], url_path="set-visibility")
    def set_visibility(self, request: Request, number: str) -> Response:
        """Restrict to the people invited, or open again; managers of the team and admins."""
        data = valid(shapes.VisibilityInput, request)
        actions.set_visibility(actor=self.actor, number=int(number), **data)
        return self._answer(int(number))

    @extend_schema(request=shapes.PageInput, responses=shapes.IncidentSerializer)
    @action(detail=True, methods=["post"])
    def page(self, request: Request, number: str) -> Response:
        """Page people, a policy, or with neither the incident's own policy again."""
        data = valid(shapes.PageInput, request)
        actions.page(
            actor=self.actor,
            number=int(number),
            user_ids=data.get("users", []),
            policy_id=data.get("policy"),
            text=data.get("text", ""),
        )
        return self._answer(int(number))

    @extend_schema(request=shapes.SnoozeInput, responses=shapes.IncidentSerializer)
    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, number: str) -> Response:
        """Stop the paging for some minutes, then page again."""
        actions.snooze(actor=self.actor, number=int(number), **valid(shapes.SnoozeInput, request))
        return self._answer(int(number))

    @extend_schema(
        parameters=[
            OpenApiParameter("after", int, description="Entries with a greater seq"),
            OpenApiParameter("limit", int, description="At most 500"),
        ],
        responses=shapes.EntrySerializer(many=True),
    )
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def timeline(self, request: Request, number: str) -> Response:
        """The timeline by sequence, oldest first: `results: [{seq, kind, …}]`."""
        incident = self.get_object()
        after = _whole(request, "after", 0, 2**31 - 1)
        limit = _whole(request, "limit", 200, MAX_TIMELINE)
        rows = timeline(incident, self.actor, after=after, limit=limit)
        return Response({"results": shapes.EntrySerializer(rows, many=True).data})

    def _answer(self, number: int, code: int = 200) -> Response:
        incident = self.visible().filter(number=number).first()
        if incident is None:
            raise NotVisible
        return Response(self.get_serializer(incident).data, status=code)

    def _service_ids(self, names: list[str]) -> list[int]:
        """Slugs (ids accepted too) as ids, in order; `InvalidInput` for one the actor cannot see."""
        rows = dict(Service.objects.visible_to(self.actor).values_list("slug", "pk")) if names else {}
        ids = set(rows.values())
        found: list[int] = []
        for name in names:
            pk = rows.get(name)
            if pk is None and name.isdigit() and int(name) in ids:
                pk = int(name)
            if pk is None:
                raise field_error("services", f"There is no service “{name[:80]}”.")
            found.append(pk)
        return found

    def _team_id(self, name: str | None) -> int | None:
        if name is None:
            return None
        visible = Team.objects.visible_to(self.actor)
        team = visible.filter(slug=name).first()
        if team is None and name.isdigit() and len(name) < 19:
            team = visible.filter(pk=int(name)).first()
        if team is None:
            raise field_error("team", f"There is no team “{name[:80]}”.")
        return int(team.pk)


def _whole(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not text.isdigit() or len(text) > 10:
        raise field_error(name, "A whole number from 0.")
    return min(int(text), most)

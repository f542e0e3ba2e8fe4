"""Reviewers, attendees and meetings of a postmortem in the API (part of `postmortems/`), and its templates."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.serializers import valid
from core.api.views import ActorViewSet
from postmortems import actions
from postmortems.actions.meetings import MAX_TEXT
from postmortems.actions.review import MAX_NOTE
from postmortems.choices import MeetingKind, Part, ReviewAnswer
from postmortems.models import Attendee, Meeting, Postmortem, PostmortemTemplate, Reviewer

_MAX_ID = 2**63 - 1
_MAX_VERSION = 2**31 - 1


class PostmortemReviewerSerializer(serializers.ModelSerializer[Reviewer]):
    """`answered_version`: the version of the document they answered about."""

    class Meta:
        model = Reviewer
        fields = ("id", "user", "answer", "note", "asked_at", "answered_at", "answered_version")
        read_only_fields = fields


class PostmortemReviewerInput(serializers.Serializer[Any]):
    user = serializers.IntegerField(min_value=1, max_value=_MAX_ID)


class PostmortemApproval(serializers.Serializer[Any]):
    version = serializers.IntegerField(required=False, min_value=1, max_value=_MAX_VERSION)


class PostmortemChangesWanted(PostmortemApproval):
    note = serializers.CharField(max_length=MAX_NOTE)


class PostmortemAttendeeSerializer(serializers.ModelSerializer[Attendee]):
    class Meta:
        model = Attendee
        fields = ("id", "user", "part", "why", "invited_at", "attended")
        read_only_fields = fields


class PostmortemAttendeeInput(serializers.Serializer[Any]):
    user = serializers.IntegerField(min_value=1, max_value=_MAX_ID)
    part = serializers.ChoiceField(Part.choices, default=Part.ENGINEERING)


class PostmortemMeetingSerializer(serializers.ModelSerializer[Meeting]):
    class Meta:
        model = Meeting
        fields = (
            "id",
            "kind",
            "starts_at",
            "minutes",
            "place",
            "agenda",
            "notes",
            "uid",
            "sequence",
            "held_at",
            "cancelled_at",
        )
        read_only_fields = fields


class PostmortemMeetingInput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(MeetingKind.choices, default=MeetingKind.REVIEW)
    starts_at = serializers.DateTimeField()
    minutes = serializers.IntegerField(min_value=5, max_value=480, default=60)
    place = serializers.CharField(max_length=300, required=False, allow_blank=True)
    agenda = serializers.CharField(max_length=MAX_TEXT, required=False, allow_blank=True)


class PostmortemTemplateSerializer(serializers.ModelSerializer[PostmortemTemplate]):
    """`sections`: key → markdown with variables."""

    sections = serializers.DictField(child=serializers.CharField())

    class Meta:
        model = PostmortemTemplate
        fields = ("id", "name", "team", "type", "sections", "active", "updated_at")
        read_only_fields = fields


class PostmortemTemplateInput(serializers.ModelSerializer[PostmortemTemplate]):
    """`team` and `type`: ids, null for all."""

    sections = serializers.DictField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False), required=False
    )

    class Meta:
        model = PostmortemTemplate
        fields = ("name", "team", "type", "sections", "active")


class ReviewRoutes:
    """Mixed into the viewset of documents."""

    actor: Any
    get_object: Any

    @extend_schema(methods=["GET"], responses=PostmortemReviewerSerializer(many=True))
    @extend_schema(
        methods=["POST"], request=PostmortemReviewerInput, responses={201: PostmortemReviewerSerializer}
    )
    @action(detail=True, methods=["get", "post"], pagination_class=None, filter_backends=[])
    def reviewers(self, request: Request, pk: str) -> Response:
        """Who is asked to review it, at most 30; POST asks somebody, once more if they have answered."""
        row: Postmortem = self.get_object()
        if request.method == "POST":
            data = valid(PostmortemReviewerInput, request)
            asked = actions.ask_reviewer(actor=self.actor, postmortem_id=row.pk, user_id=data["user"])
            return Response(PostmortemReviewerSerializer(asked).data, status=201)
        return Response(PostmortemReviewerSerializer(row.reviewers.order_by("pk"), many=True).data)

    @extend_schema(responses={204: None})
    @action(
        detail=True,
        methods=["delete"],
        url_path="reviewers/(?P<reviewer_id>[0-9]{1,18})",
        url_name="reviewer",
    )
    def reviewer(self, request: Request, pk: str, reviewer_id: str) -> Response:
        """Ask somebody no more."""
        row: Postmortem = self.get_object()
        actions.withdraw_reviewer(actor=self.actor, postmortem_id=row.pk, reviewer_id=int(reviewer_id))
        return Response(status=204)

    @extend_schema(request=PostmortemApproval, responses=PostmortemReviewerSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Approve it, as somebody who was asked; `version`: the one that was read."""
        return self._answer(ReviewAnswer.APPROVED, valid(PostmortemApproval, request))

    @extend_schema(request=PostmortemChangesWanted, responses=PostmortemReviewerSerializer)
    @action(detail=True, methods=["post"], url_path="request-changes", url_name="request-changes")
    def request_changes(self, request: Request, pk: str) -> Response:
        """Say what has to change, as somebody who was asked."""
        return self._answer(ReviewAnswer.CHANGES, valid(PostmortemChangesWanted, request))

    def _answer(self, answer: str, data: dict[str, Any]) -> Response:
        row: Postmortem = self.get_object()
        said = actions.answer_review(actor=self.actor, postmortem_id=row.pk, answer=answer, **data)
        return Response(PostmortemReviewerSerializer(said).data)

    @extend_schema(methods=["GET"], responses=PostmortemAttendeeSerializer(many=True))
    @extend_schema(
        methods=["POST"], request=PostmortemAttendeeInput, responses={201: PostmortemAttendeeSerializer}
    )
    @action(detail=True, methods=["get", "post"], pagination_class=None, filter_backends=[])
    def attendees(self, request: Request, pk: str) -> Response:
        """Who is proposed for its meetings, at most 60; POST adds somebody or gives them another part."""
        row: Postmortem = self.get_object()
        if request.method == "POST":
            data = valid(PostmortemAttendeeInput, request)
            added = actions.add_attendee(
                actor=self.actor, postmortem_id=row.pk, user_id=data["user"], part=data["part"]
            )
            return Response(PostmortemAttendeeSerializer(added).data, status=201)
        return Response(PostmortemAttendeeSerializer(row.attendees.order_by("pk"), many=True).data)

    @extend_schema(methods=["GET"], responses=PostmortemMeetingSerializer(many=True))
    @extend_schema(
        methods=["POST"], request=PostmortemMeetingInput, responses={201: PostmortemMeetingSerializer}
    )
    @action(detail=True, methods=["get", "post"], pagination_class=None, filter_backends=[])
    def meetings(self, request: Request, pk: str) -> Response:
        """Its meetings, by time; POST calls one and invites the attendees."""
        row: Postmortem = self.get_object()
        if request.method == "POST":
            data = valid(PostmortemMeetingInput, request)
            made = actions.plan_meeting(actor=self.actor, postmortem_id=row.pk, **data)
            return Response(PostmortemMeetingSerializer(made).data, status=201)
        rows = row.meetings.order_by("starts_at", "pk")[:200]
        return Response(PostmortemMeetingSerializer(rows, many=True).data)


class PostmortemTemplateViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ActorViewSet):
    """What the sections of a new document say. Managers write those of their team, admins all."""

    model = PostmortemTemplate
    serializer_class = PostmortemTemplateSerializer
    lookup_value_regex = "[0-9]{1,18}"

    @extend_schema(request=PostmortemTemplateInput, responses={201: PostmortemTemplateSerializer})
    def create(self, request: Request) -> Response:
        """Make a template."""
        row = actions.save_template(actor=self.actor, **_template(request))
        return Response(PostmortemTemplateSerializer(row).data, status=201)

    @extend_schema(request=PostmortemTemplateInput, responses=PostmortemTemplateSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a template; what is not given stays."""
        row = actions.save_template(
            actor=self.actor, template_id=self.get_object().pk, **_template(request, partial=True)
        )
        return Response(PostmortemTemplateSerializer(row).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Documents that were started from it stay as they are."""
        actions.delete_template(actor=self.actor, template_id=self.get_object().pk)
        return Response(status=204)


def _template(request: Request, *, partial: bool = False) -> dict[str, Any]:
    serializer = PostmortemTemplateInput(data=request.data, partial=partial)
    serializer.is_valid(raise_exception=True)
    data = dict(serializer.validated_data)
    for name in ("team", "type"):
        if name in data:
            row = data.pop(name)
            data[f"{name}_id"] = row.pk if row is not None else None
    return data

"""`postmortems/`."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.errors import CONTENT_TYPE, problem
from core.api.serializers import valid
from core.api.views import ActorViewSet
from core.errors import NotVisible
from postmortems import actions
from postmortems.actions.comments import MAX_COMMENT
from postmortems.api.library import PostmortemTakeAway
from postmortems.api.review import ReviewRoutes
from postmortems.api.sections import (
    ClashSerializer,
    CommentInput,
    CommentSerializer,
    RevisionSerializer,
    SectionsField,
    section_body,
)
from postmortems.api.whys import WhyRoutes
from postmortems.choices import PostmortemStatus, SectionKey
from postmortems.errors import EditedMeanwhile
from postmortems.models import Postmortem, SectionComment, SectionRevision

_MAX_ID = 2**63 - 1


class PostmortemSerializer(serializers.ModelSerializer[Postmortem]):
    """`sections`: key → {text, version, state, author (id, or null when unknown or hidden), author_hidden,
    updated_at}."""

    incident: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField("number", read_only=True)
    status = serializers.ChoiceField(PostmortemStatus.choices, read_only=True)
    sections = serializers.SerializerMethodField()

    class Meta:
        model = Postmortem
        fields = ("id", "incident", "status", "due_at", "owner", "sections", "created_at", "published_at")
        read_only_fields = fields

    @extend_schema_field(serializers.DictField(child=serializers.DictField()))
    def get_sections(self, row: Postmortem) -> dict[str, Any]:
        return {section.key: section_body(section) for section in row.sections.all()}


class PostmortemInput(serializers.Serializer[Any]):
    incident = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    owner = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=_MAX_ID)


class PostmortemPatch(serializers.Serializer[Any]):
    status = serializers.ChoiceField(PostmortemStatus.choices, required=False)
    sections = SectionsField(required=False)


class CommentPatch(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=MAX_COMMENT, required=False)
    resolved = serializers.BooleanField(required=False)


class PostmortemViewSet(
    ReviewRoutes,
    WhyRoutes,
    PostmortemTakeAway,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    ActorViewSet,
):
    """Postmortems of incidents one may see."""

    model = Postmortem
    serializer_class = PostmortemSerializer
    write_scope = "respond"
    lookup_value_regex = "[0-9]{1,18}"

    def visible(self) -> QuerySet[Postmortem]:
        rows = Postmortem.objects.visible_to(self.actor).select_related("incident")
        return rows.prefetch_related("sections")  # type: ignore[no-any-return]

    @extend_schema(request=PostmortemInput, responses={201: PostmortemSerializer})
    def create(self, request: Request) -> Response:
        """Start the postmortem of a resolved incident; its sections are filled from the record."""
        data = valid(PostmortemInput, request)
        row = actions.start_postmortem(
            actor=self.actor, incident_number=data["incident"], owner_id=data.get("owner")
        )
        return Response(PostmortemSerializer(self.visible().get(pk=row.pk)).data, status=201)

    @extend_schema(
        request=PostmortemPatch,
        responses={200: PostmortemSerializer, (409, "application/problem+json"): ClashSerializer},
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Write sections, then move to another state: all of it or, refused, nothing."""
        data = valid(PostmortemPatch, request)
        row = self.get_object()
        key = ""
        try:
            with transaction.atomic():
                for key, change in data.get("sections", {}).items():
                    actions.edit_section(actor=self.actor, postmortem_id=row.pk, key=key, **change)
                if "status" in data:
                    actions.set_status(actor=self.actor, postmortem_id=row.pk, status=data["status"])
        except EditedMeanwhile as error:
            return _clash(key, error)
        return Response(PostmortemSerializer(self.visible().get(pk=row.pk)).data)

    @extend_schema(methods=["GET"], responses=CommentSerializer(many=True))
    @extend_schema(methods=["POST"], request=CommentInput, responses={201: CommentSerializer})
    @action(detail=True, methods=["get", "post"])
    def comments(self, request: Request, pk: str) -> Response:
        """What people said about its sections, newest first; POST says something. Whoever sees it may."""
        row = self.get_object()
        if request.method == "POST":
            data = valid(CommentInput, request)
            key = data.pop("section")
            comment = actions.add_comment(actor=self.actor, postmortem_id=row.pk, key=key, **data)
            return Response(CommentSerializer(comment).data, status=201)
        rows = SectionComment.objects.filter(section__postmortem=row).select_related("section")
        return self._page(rows, CommentSerializer)

    @extend_schema(methods=["PATCH"], request=CommentPatch, responses=CommentSerializer)
    @extend_schema(methods=["DELETE"], responses={204: None})
    @action(
        detail=True,
        methods=["patch", "delete"],
        url_path="comments/(?P<comment_id>[0-9]{1,18})",
        url_name="comment",
    )
    def comment(self, request: Request, pk: str, comment_id: str) -> Response:
        """Write one's own comment anew, settle it or open it again (`resolved`), or take it away."""
        row, found = self.get_object(), int(comment_id)
        if request.method == "DELETE":
            actions.delete_comment(actor=self.actor, postmortem_id=row.pk, comment_id=found)
            return Response(status=204)
        data = valid(CommentPatch, request)
        with transaction.atomic():
            if "text" in data:
                actions.edit_comment(
                    actor=self.actor, postmortem_id=row.pk, comment_id=found, text=data["text"]
                )
            if "resolved" in data:
                actions.resolve_comment(
                    actor=self.actor, postmortem_id=row.pk, comment_id=found, resolved=data["resolved"]
                )
        rows = SectionComment.objects.filter(section__postmortem=row).select_related("section")
        return Response(CommentSerializer(get_object_or_404(rows, pk=found)).data)

    @extend_schema(responses=RevisionSerializer(many=True))
    @action(
        detail=True,
        methods=["get"],
        url_path="sections/(?P<key>[a-z_]{1,20})/revisions",
        url_name="revisions",
    )
    def revisions(self, request: Request, pk: str, key: str) -> Response:
        """Every version of a section, newest first."""
        row = self.get_object()
        if key not in SectionKey.values:
            raise NotVisible
        rows = SectionRevision.objects.filter(section__postmortem=row, section__key=key)
        return self._page(rows, RevisionSerializer)

    def _page(self, rows: QuerySet[Any], shape: type[serializers.ModelSerializer[Any]]) -> Response:
        found = self.paginate_queryset(rows)
        return self.get_paginated_response(shape(found, many=True).data)


def _clash(key: str, error: EditedMeanwhile) -> Response:
    """The problem with both texts in it, so that a client can show them side by side."""
    body = problem(error.status, error.code, error.sentence, {f"sections.{key}": [error.sentence]})
    body |= {"section": key, "version": error.version}
    body |= {"base": error.base, "theirs": error.theirs, "mine": error.mine}
    return Response(body, status=error.status, content_type=CONTENT_TYPE)

"""`postmortems/` and `action-items/`."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.views import ActorViewSet
from postmortems import actions
from postmortems.choices import ItemClass, ItemStatus, PostmortemStatus, SectionKey
from postmortems.models import ActionItem, Postmortem

_MAX_ID = 2**63 - 1


class PostmortemSerializer(serializers.ModelSerializer[Postmortem]):
    """`sections`: key → {text, version, author (id or null), updated_at}."""

    incident = serializers.SlugRelatedField("number", read_only=True)
    status = serializers.ChoiceField(PostmortemStatus.choices, read_only=True)
    sections = serializers.SerializerMethodField()

    class Meta:
        model = Postmortem
        fields = ("id", "incident", "status", "due_at", "owner", "sections", "created_at", "published_at")
        read_only_fields = fields

    @extend_schema_field(serializers.DictField(child=serializers.DictField()))
    def get_sections(self, row: Postmortem) -> dict[str, Any]:
        return {
            section.key: {
                "text": section.text,
                "version": section.version,
                "author": section.author_id,
                "updated_at": section.updated_at,
            }
            for section in row.sections.all()
        }


class PostmortemInput(serializers.Serializer[Any]):
    incident = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    owner = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=_MAX_ID)


class PostmortemPatch(serializers.Serializer[Any]):
    status = serializers.ChoiceField(PostmortemStatus.choices, required=False)
    sections = serializers.DictField(
        child=serializers.CharField(max_length=100_000, allow_blank=True), required=False
    )

    def validate_sections(self, value: dict[str, str]) -> dict[str, str]:
        unknown = sorted(set(value) - set(SectionKey.values))
        if unknown:
            raise serializers.ValidationError(f"There is no section “{unknown[0][:40]}”.")
        return value


class ActionItemSerializer(serializers.ModelSerializer[ActionItem]):
    incident = serializers.SlugRelatedField("number", read_only=True)
    status = serializers.ChoiceField(ItemStatus.choices, read_only=True)

    class Meta:
        model = ActionItem
        fields = (
            "id",
            "title",
            "owner",
            "due_on",
            "status",
            "postmortem",
            "incident",
            "reason",
            "created_at",
            "closed_at",
        )
        read_only_fields = fields

    def get_fields(self) -> dict[str, Any]:
        """Adds `class`, which Python cannot spell as an attribute."""
        fields = super().get_fields()
        fields["class"] = serializers.ChoiceField(ItemClass.choices, source="item_class", read_only=True)
        return fields


class ActionItemInput(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=300)
    owner = serializers.IntegerField(min_value=1, max_value=_MAX_ID)
    due_on = serializers.DateField()
    postmortem = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=_MAX_ID)
    incident = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**31 - 1)

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        fields["class"] = serializers.ChoiceField(ItemClass.choices, required=False, source="item_class")
        return fields


class ActionItemPatch(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=300, required=False)
    owner = serializers.IntegerField(required=False, source="owner_id", min_value=1, max_value=_MAX_ID)
    due_on = serializers.DateField(required=False)
    status = serializers.ChoiceField(ItemStatus.choices, required=False)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        fields["class"] = serializers.ChoiceField(ItemClass.choices, required=False, source="item_class")
        return fields


class PostmortemViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ActorViewSet):
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
        data = _valid(PostmortemInput, request)
        row = actions.start_postmortem(
            actor=self.actor, incident_number=data["incident"], owner_id=data.get("owner")
        )
        return Response(PostmortemSerializer(self.visible().get(pk=row.pk)).data, status=201)

    @extend_schema(request=PostmortemPatch, responses=PostmortemSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Write sections, then move to another state."""
        data = _valid(PostmortemPatch, request)
        row = self.get_object()
        for key, text in data.get("sections", {}).items():
            actions.edit_section(actor=self.actor, postmortem_id=row.pk, key=key, text=text)
        if "status" in data:
            actions.set_status(actor=self.actor, postmortem_id=row.pk, status=data["status"])
        return Response(PostmortemSerializer(self.visible().get(pk=row.pk)).data)


class ActionItemViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ActorViewSet):
    """Action items; owner and date are required."""

    model = ActionItem
    serializer_class = ActionItemSerializer
    write_scope = "respond"
    lookup_value_regex = "[0-9]{1,18}"

    def visible(self) -> QuerySet[ActionItem]:
        return ActionItem.objects.visible_to(self.actor).select_related("incident")  # type: ignore[no-any-return]

    @extend_schema(request=ActionItemInput, responses={201: ActionItemSerializer})
    def create(self, request: Request) -> Response:
        """A new action item of a postmortem or an incident."""
        data = _valid(ActionItemInput, request)
        item = actions.create_item(
            actor=self.actor,
            title=data["title"],
            owner_id=data["owner"],
            due_on=data["due_on"],
            item_class=data.get("item_class", ItemClass.PREVENT),
            postmortem_id=data.get("postmortem"),
            incident_number=data.get("incident"),
        )
        return Response(ActionItemSerializer(item).data, status=201)

    @extend_schema(request=ActionItemPatch, responses=ActionItemSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is given; *wont_do* needs a reason."""
        item = actions.update_item(actor=self.actor, item_id=int(pk), **_valid(ActionItemPatch, request))
        return Response(ActionItemSerializer(item).data)


def _valid(shape: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    serializer = shape(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)

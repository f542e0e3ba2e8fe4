"""Stakeholder lists, follows and update templates in the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.pagination import KeysetPagination
from core.api.serializers import StrictSerializer
from core.errors import field_error
from incidents import actions
from incidents.choices import IncidentStatus, UpdateAudience
from incidents.models import Follow, Incident, IncidentType, Stakeholder, StakeholderList, UpdateTemplate
from oncall.api.base import RoomViewSet
from oncall.api.fields import MAX_ID, ReferenceField
from services.models import Service
from teams.models import Team


class StakeholderSerializer(serializers.ModelSerializer[Stakeholder]):
    class Meta:
        model = Stakeholder
        fields = ("user", "address", "name", "channel")


class ListSerializer(serializers.ModelSerializer[StakeholderList]):
    """People who hear of incidents of a team, a service or all, down to a rank."""

    team = serializers.SlugRelatedField[Team](slug_field="slug", read_only=True)
    service = serializers.SlugRelatedField[Service](slug_field="slug", read_only=True)
    people = StakeholderSerializer(many=True, read_only=True)

    class Meta:
        model = StakeholderList
        fields = ("id", "name", "team", "service", "to_rank", "internal", "executive", "people")


class PersonInput(StrictSerializer):
    user = serializers.IntegerField(min_value=1, max_value=MAX_ID, required=False, allow_null=True)
    address = serializers.EmailField(required=False, allow_blank=True)
    name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    channel = serializers.CharField(max_length=20, required=False)


class ListInput(StrictSerializer):
    name = serializers.CharField(max_length=100)
    team = ReferenceField(Team, slug=True, required=False, allow_null=True)
    service = ReferenceField(Service, slug=True, required=False, allow_null=True)
    to_rank = serializers.IntegerField(min_value=0, max_value=4, required=False, allow_null=True)
    internal = serializers.BooleanField(required=False)
    executive = serializers.BooleanField(required=False)
    people = PersonInput(many=True, required=False)


class ListViewSet(RoomViewSet):
    """Lists of the teams the caller manages; admins see all."""

    model = StakeholderList
    serializer_class = ListSerializer
    input_class = ListInput
    pagination_class = KeysetPagination
    lookup_value_regex = "[0-9]{1,18}"

    def visible(self) -> QuerySet[StakeholderList]:
        rows: QuerySet[StakeholderList] = StakeholderList.objects.manageable_by(self.actor)
        return rows.select_related("team", "service").prefetch_related("people")

    def create(self, request: Request) -> Response:
        return self.shown(actions.save_list(actor=self.actor, **self._values()).pk, 201)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self.get_object()
        actions.save_list(actor=self.actor, list_id=row.pk, **self._values(partial=True))
        return self.shown(row.pk)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        actions.delete_list(actor=self.actor, list_id=self.get_object().pk)
        return Response(status=204)

    def _values(self, *, partial: bool = False) -> dict[str, Any]:
        data = renamed(self.checked(partial=partial), "team", "service")
        if "people" in data:
            data["people"] = [renamed(dict(one), "user") for one in data["people"]]
        return data


class TemplateSerializer(serializers.ModelSerializer[UpdateTemplate]):
    """A text with variables such as `{{ impact }}`. `customers`: for messages to named customers."""

    team = serializers.SlugRelatedField[Team](slug_field="slug", read_only=True)
    type = serializers.CharField(source="type.key", read_only=True, allow_null=True, default=None)

    class Meta:
        model = UpdateTemplate
        fields = (
            "id",
            "name",
            "audience",
            "team",
            "type",
            "status",
            "customers",
            "subject",
            "body",
            "approved",
            "position",
        )


class TemplateInput(StrictSerializer):
    name = serializers.CharField(max_length=100)
    audience = serializers.ChoiceField(UpdateAudience.choices)
    team = ReferenceField(Team, slug=True, required=False, allow_null=True)
    type = serializers.CharField(max_length=40, required=False, allow_null=True)
    status = serializers.ChoiceField([("", ""), *IncidentStatus.choices], required=False)
    customers = serializers.BooleanField(required=False)
    subject = serializers.CharField(max_length=200, required=False, allow_blank=True)
    body = serializers.CharField(max_length=20_000)
    approved = serializers.BooleanField(required=False)
    position = serializers.IntegerField(min_value=0, max_value=30_000, required=False)


class TemplateViewSet(RoomViewSet):
    """Texts for updates: those of all teams and of the teams the caller sees."""

    model = UpdateTemplate
    serializer_class = TemplateSerializer
    input_class = TemplateInput
    pagination_class = KeysetPagination
    lookup_value_regex = "[0-9]{1,18}"

    def visible(self) -> QuerySet[UpdateTemplate]:
        rows: QuerySet[UpdateTemplate] = UpdateTemplate.objects.visible_to(self.actor)
        return rows.select_related("team", "type")

    def create(self, request: Request) -> Response:
        return self.shown(actions.save_template(actor=self.actor, **self._values()).pk, 201)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self.get_object()
        actions.save_template(actor=self.actor, template_id=row.pk, **self._values(partial=True))
        return self.shown(row.pk)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        actions.delete_template(actor=self.actor, template_id=self.get_object().pk)
        return Response(status=204)

    def _values(self, *, partial: bool = False) -> dict[str, Any]:
        data = renamed(self.checked(partial=partial), "team")
        if "type" in data:
            key = data.pop("type")
            found = IncidentType.objects.filter(key=key).first() if key else None
            if key and found is None:
                raise field_error("type", "There is no such type.")
            data["type_id"] = found.pk if found else None
        return data


class FollowSerializer(serializers.ModelSerializer[Follow]):
    """One's own follow of an incident (number), a service or a team (slug)."""

    incident = serializers.IntegerField(
        source="incident.number", read_only=True, allow_null=True, default=None
    )
    service = serializers.CharField(source="service.slug", read_only=True, allow_null=True, default=None)
    team = serializers.CharField(source="team.slug", read_only=True, allow_null=True, default=None)

    class Meta:
        model = Follow
        fields = ("id", "incident", "service", "team", "created_at")


class FollowInput(StrictSerializer):
    incident = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    service = ReferenceField(Service, slug=True, required=False)
    team = ReferenceField(Team, slug=True, required=False)


class FollowViewSet(RoomViewSet):
    """What the caller follows."""

    model = Follow
    serializer_class = FollowSerializer
    input_class = FollowInput
    pagination_class = KeysetPagination
    lookup_value_regex = "[0-9]{1,18}"
    write_scope = "respond"
    http_method_names = ["get", "post", "delete", "head", "options"]

    def visible(self) -> QuerySet[Follow]:
        hidden = Follow.objects.filter(incident__isnull=False).exclude(
            incident__in=Incident.objects.visible_to(self.actor)
        )
        rows = Follow.objects.filter(user_id=self.actor.user_id).exclude(pk__in=hidden.values("pk"))
        return rows.select_related("incident", "service", "team")

    def create(self, request: Request) -> Response:
        data = self.checked()
        values = {"number": data.get("incident"), **{f"{n}_id": data.get(n) for n in ("service", "team")}}
        return self.shown(actions.follow(actor=self.actor, **values).pk, 201)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        actions.unfollow(actor=self.actor, follow_id=self.get_object().pk)
        return Response(status=204)


def renamed(data: dict[str, Any], *names: str) -> dict[str, Any]:
    """References as the actions name them: `team` → `team_id`."""
    return {f"{name}_id" if name in names else name: value for name, value in data.items()}

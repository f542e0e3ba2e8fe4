"""`systems/`, `domains/`, `environments/` and `service-fields/`."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.pagination import KeysetPagination
from oncall.api.base import RoomViewSet, whole
from oncall.api.fields import ReferenceField, WholeField, WordField
from oncall.api.serializers import several
from services import actions
from services.api.serializers import VisibleSlug
from services.choices import FieldKind
from services.models import Domain, Environment, ServiceField, System
from teams.models import Team


class BySlug(KeysetPagination):
    ordering = "slug"


class SystemSerializer(serializers.ModelSerializer):
    team: serializers.Field = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    domain: serializers.Field = VisibleSlug(Domain)

    class Meta:
        model = System
        fields = ["id", "slug", "name", "team", "domain", "description"]


class DomainSerializer(serializers.ModelSerializer):
    team: serializers.Field = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    # A field by the name of an attribute of serializers: their metaclass tells them apart, the types do not.
    parent: Any = VisibleSlug(Domain)

    class Meta:
        model = Domain
        fields = ["id", "slug", "name", "team", "parent", "description"]


class PartInput(serializers.Serializer):
    slug = WordField(limit=63, required=False)
    name = WordField(limit=120)
    team = ReferenceField(Team, slug=True, required=False, allow_null=True)
    description = WordField(limit=10_000, blank=True, required=False)


class SystemInput(PartInput):
    domain = ReferenceField(Domain, slug=True, required=False, allow_null=True)


class DomainInput(PartInput):
    parent = ReferenceField(Domain, slug=True, required=False, allow_null=True)  # type: ignore[assignment]  # as above


class _PartViewSet(RoomViewSet):
    pagination_class = BySlug
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]{1,63}"
    above: str
    kind: str

    def visible(self) -> Any:
        return self.model.objects.visible_to(self.actor).select_related("team", self.above)

    def create(self, request: Request) -> Response:
        row = self._saved(new=True)
        return self.shown(row.pk, 201)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.shown(self._saved(new=False).pk)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        actions.delete_part(actor=self.actor, kind=self.kind, slug=self.get_object().slug)
        return Response(status=204)

    def _saved(self, *, new: bool) -> Any:
        slug = "" if new else self.get_object().slug
        data = self.checked(partial=not new)
        for name in ("team", self.above):
            if name in data:
                data[f"{name}_id"] = data.pop(name)
        given = data.pop("slug", "")
        save = actions.save_system if self.kind == "system" else actions.save_domain
        return save(actor=self.actor, slug=given if new else slug, new=new, **data)


class SystemViewSet(_PartViewSet):
    """Services that are offered as one, by slug."""

    model = System
    serializer_class = SystemSerializer
    input_class = SystemInput
    above, kind = "domain", "system"


class DomainViewSet(_PartViewSet):
    """Parts of the business, by slug."""

    model = Domain
    serializer_class = DomainSerializer
    input_class = DomainInput
    above, kind = "parent", "domain"


class EnvironmentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Environment
        fields = ["id", "slug", "name"]


class EnvironmentInput(serializers.Serializer):
    id = WholeField(minimum=1, required=False, allow_null=True)
    name = WordField(limit=60)


class EnvironmentsInput(serializers.Serializer):
    environments = several(EnvironmentInput, max_length=50)


class EnvironmentViewSet(RoomViewSet):
    """Where services run; POST makes `environments` ({id?, name}) all there are, in this order. Admins."""

    model = Environment
    serializer_class = EnvironmentSerializer
    input_class = EnvironmentsInput
    http_method_names = ["get", "post", "head", "options"]

    def visible(self) -> Any:
        return Environment.objects.all()

    @extend_schema(responses=EnvironmentSerializer(many=True))
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return whole(list(EnvironmentSerializer(self.get_queryset(), many=True).data))

    @extend_schema(request=EnvironmentsInput, responses=EnvironmentSerializer(many=True))
    def create(self, request: Request) -> Response:
        names = [(row.get("id"), row["name"]) for row in self.checked()["environments"]]
        actions.save_environments(actor=self.actor, names=names)
        return self.list(request)


class ServiceFieldSerializer(serializers.ModelSerializer):
    class Meta:
        model = ServiceField
        fields = ["key", "name", "kind", "choices", "help_text", "required", "kinds", "active"]


class ServiceFieldInput(serializers.Serializer):
    key = WordField(limit=40, required=False)
    name = WordField(limit=80)
    kind = serializers.ChoiceField(choices=FieldKind.values, required=False)
    choices = serializers.ListField(child=WordField(limit=80), required=False, max_length=50)
    # Fields by the names of options: the metaclass tells them apart, the types do not.
    help_text = WordField(limit=200, blank=True, required=False)  # type: ignore[assignment]  # as above
    required = serializers.BooleanField(required=False)  # type: ignore[assignment]  # as above
    kinds = serializers.ListField(child=WordField(limit=20), required=False, max_length=20)
    active = serializers.BooleanField(required=False)


class ServiceFieldViewSet(RoomViewSet):
    """The catalog's own fields, by key; admins change them."""

    model = ServiceField
    serializer_class = ServiceFieldSerializer
    input_class = ServiceFieldInput
    lookup_field = "key"
    lookup_value_regex = "[-a-zA-Z0-9_]{1,40}"
    http_method_names = ["get", "post", "patch", "head", "options"]

    def visible(self) -> Any:
        return ServiceField.objects.all()

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return whole(list(ServiceFieldSerializer(self.get_queryset(), many=True).data))

    def create(self, request: Request) -> Response:
        data = self.checked()
        row = actions.save_field(actor=self.actor, key=data.pop("key", ""), new=True, **data)
        return Response(ServiceFieldSerializer(row).data, status=201)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        data = self.checked(partial=True)
        data.pop("key", None)
        data.pop("kind", None)
        row = actions.save_field(actor=self.actor, key=self.get_object().key, **data)
        return Response(ServiceFieldSerializer(row).data)

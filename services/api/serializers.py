"""The wire shapes of the catalog."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from oncall.api.fields import InstantField, ReferenceField, WholeField, WordField
from oncall.api.serializers import several
from oncall.models import EscalationPolicy
from services.choices import ChangeKind, EdgeKind, Lifecycle, LinkKind, ServiceKind, Tier
from services.hooks import OpenIncident
from services.models import (
    ChangeEvent,
    Dependency,
    Environment,
    Service,
    ServiceContact,
    ServiceEnvironment,
    ServiceLink,
    System,
)
from teams.models import Team, User


class LinkSerializer(serializers.ModelSerializer):
    class Meta:
        model = ServiceLink
        fields = ["kind", "title", "url"]


class LinkInput(serializers.Serializer):
    kind = serializers.ChoiceField(choices=LinkKind.values, default=LinkKind.OTHER)
    title = WordField(limit=120, default="", blank=True)
    url = WordField(limit=500)


class ServiceContactSerializer(serializers.ModelSerializer):
    user = serializers.IntegerField(source="user_id", read_only=True, allow_null=True)

    class Meta:
        model = ServiceContact
        fields = ["part", "user", "value"]


class ServiceContactInput(serializers.Serializer):
    part = WordField(limit=80)
    user = ReferenceField(User, required=False, allow_null=True)
    value = WordField(limit=200, blank=True, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {**attrs, "user_id": attrs.pop("user", None)}


class ServiceEnvironmentSerializer(serializers.ModelSerializer):
    environment: serializers.Field = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta:
        model = ServiceEnvironment
        fields = ["environment", "regions", "url"]


class ServiceEnvironmentInput(serializers.Serializer):
    environment = serializers.SlugRelatedField(slug_field="slug", queryset=Environment.objects.all())
    regions = serializers.ListField(child=WordField(limit=60), required=False, max_length=30)
    url = WordField(limit=500, blank=True, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {**attrs, "environment_id": attrs.pop("environment").pk}


class VisibleSlug(serializers.SlugRelatedField):
    """The slug of a row of a team, None for whoever does not see the row. One statement for any number."""

    def __init__(self, model: Any, **kwargs: Any) -> None:
        self.model = model
        super().__init__(slug_field="slug", read_only=True, **kwargs)

    def to_representation(self, obj: Any) -> Any:
        context: Any = self.context
        kept = context.setdefault("visible", {})
        if self.model not in kept:
            rows = self.model.objects.visible_to(context["request"].actor)
            kept[self.model] = set(rows.values_list("pk", flat=True))
        return super().to_representation(obj) if obj.pk in kept[self.model] else None


class ServiceSerializer(serializers.ModelSerializer):
    team: serializers.Field = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    escalation_policy = WholeField(source="escalation_policy_id", read_only=True)
    links = LinkSerializer(many=True, read_only=True)
    system: serializers.Field = VisibleSlug(System)
    contacts = ServiceContactSerializer(many=True, read_only=True)
    environments = ServiceEnvironmentSerializer(source="environment_rows", many=True, read_only=True)
    labels = serializers.DictField(child=serializers.CharField(), read_only=True)
    custom = serializers.DictField(read_only=True)
    created_at = InstantField(read_only=True)
    url = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        model = Service
        fields = [
            "id",
            "slug",
            "name",
            "team",
            "tier",
            "lifecycle",
            "description",
            "escalation_policy",
            "links",
            "kind",
            "system",
            "labels",
            "custom",
            "contacts",
            "environments",
            "stands_alone",
            "external_id",
            "created_at",
            "url",
        ]


class ServiceInput(serializers.Serializer):
    slug = WordField(limit=63, required=False)
    name = WordField(limit=120)
    team = ReferenceField(Team, slug=True, required=False, allow_null=True)
    tier = WholeField(minimum=min(Tier.values), maximum=max(Tier.values), required=False)
    lifecycle = serializers.ChoiceField(choices=Lifecycle.values, required=False)
    description = WordField(limit=10_000, blank=True, required=False)
    escalation_policy = ReferenceField(EscalationPolicy, required=False, allow_null=True)
    links = several(LinkInput, required=False, max_length=30)
    kind = serializers.ChoiceField(choices=ServiceKind.values, required=False)
    system = ReferenceField(System, slug=True, required=False, allow_null=True)
    labels = serializers.DictField(child=WordField(limit=200, blank=True), required=False)
    custom = serializers.DictField(required=False)
    contacts = several(ServiceContactInput, required=False, max_length=20)
    environments = several(ServiceEnvironmentInput, required=False, max_length=20)
    stands_alone = serializers.BooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for name in ("team", "escalation_policy", "system"):
            if name in attrs:
                attrs[f"{name}_id"] = attrs.pop(name)
        return attrs


class DependencyInput(serializers.Serializer):
    upstream = ReferenceField(Service, slug=True)
    kind = serializers.ChoiceField(choices=EdgeKind.values, default=EdgeKind.HARD)
    note = WordField(limit=300, blank=True, default="")


class DependencySerializer(serializers.ModelSerializer):
    upstream: serializers.Field = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    downstream: serializers.Field = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta:
        model = Dependency
        fields = ["id", "downstream", "upstream", "kind", "note", "source"]


class ChangeLinkInput(serializers.Serializer):
    url = serializers.URLField(max_length=500)
    title = WordField(limit=120, blank=True, default="")

    def validate_url(self, url: str) -> str:
        if not url.lower().startswith(("http://", "https://")):
            raise serializers.ValidationError("Must be an http or https address.")
        return url


@extend_schema_field(LinkSerializer)
class ChangeLinkField(serializers.Field):
    """A link as an object, or the address alone."""

    def to_internal_value(self, data: Any) -> dict[str, str]:
        link = ChangeLinkInput(data={"url": data} if isinstance(data, str) else data)
        if not link.is_valid():
            raise serializers.ValidationError(link.errors)
        return dict(link.validated_data)

    def to_representation(self, value: Any) -> Any:
        return value


class ChangeInput(serializers.Serializer):
    service = ReferenceField(Service, slug=True)
    kind = serializers.ChoiceField(choices=ChangeKind.values, default=ChangeKind.DEPLOY)
    summary = WordField(limit=1024)
    source = WordField(limit=200, blank=True, default="")  # type: ignore[assignment]
    happened_at = InstantField(required=False, allow_null=True)
    links = serializers.ListField(child=ChangeLinkField(), required=False, max_length=20)


class ChangeSerializer(serializers.ModelSerializer):
    service: serializers.Field = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    happened_at = InstantField(read_only=True)

    class Meta:
        model = ChangeEvent
        fields = ["id", "service", "kind", "summary", "source", "happened_at", "links"]


def incident_data(incident: OpenIncident) -> dict[str, Any]:
    """An open incident beside a service."""
    return {
        "number": incident.number,
        "title": incident.title,
        "status": incident.status,
        "severity": incident.severity,
        "url": incident.url_path,
    }

"""What the API tells about status pages."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from statuspage.choices import (
    ComponentStatus,
    Follows,
    Impact,
    NoticeKind,
    NoticeState,
    NoticeStatus,
    PageAccess,
    Repeats,
)
from statuspage.models import (
    Component,
    ComponentGroup,
    Metric,
    Notice,
    NoticeTemplate,
    NoticeUpdate,
    StatusPage,
    StatusSnapshot,
    UptimeCorrection,
)


def _public_id() -> serializers.CharField:
    return serializers.CharField(source="public_id", read_only=True)


class GroupSerializer(serializers.ModelSerializer[ComponentGroup]):
    id = _public_id()

    class Meta:
        model = ComponentGroup
        fields = ("id", "name", "description", "folded", "position")
        read_only_fields = fields


class ComponentSerializer(serializers.ModelSerializer[Component]):
    """`status` is what the public sees; `override` what somebody or a notice has set, "" when nobody has."""

    id = _public_id()
    group = serializers.SlugRelatedField[Any]("public_id", read_only=True)
    services = serializers.SlugRelatedField[Any]("slug", many=True, read_only=True)
    status = serializers.ChoiceField(ComponentStatus.choices, read_only=True)
    override = serializers.ChoiceField([("", "None"), *ComponentStatus.choices], read_only=True)
    follows = serializers.ChoiceField(Follows.choices, read_only=True)

    class Meta:
        model = Component
        fields = (
            "id",
            "name",
            "description",
            "group",
            "services",
            "status",
            "override",
            "follows",
            "showcase",
            "only_show_if_degraded",
            "start_date",
            "position",
            "updated_at",
        )
        read_only_fields = fields


class MetricSerializer(serializers.ModelSerializer[Metric]):
    id = _public_id()

    class Meta:
        model = Metric
        fields = ("id", "name", "suffix", "decimals", "shown", "position")
        read_only_fields = fields


class StatusPageSerializer(serializers.ModelSerializer[StatusPage]):
    """A page. `version` counts what was published."""

    team = serializers.SlugRelatedField[Any]("slug", read_only=True)
    access = serializers.ChoiceField(PageAccess.choices, read_only=True)
    groups = GroupSerializer(many=True, read_only=True)
    components = ComponentSerializer(many=True, read_only=True)

    class Meta:
        model = StatusPage
        fields = (
            "slug",
            "name",
            "description",
            "team",
            "access",
            "domain",
            "languages",
            "time_zone",
            "accent",
            "home_url",
            "support_url",
            "hidden_from_search",
            "needs_approval",
            "shows_uptime",
            "takes_subscribers",
            "groups",
            "components",
            "version",
            "updated_at",
        )
        read_only_fields = fields


class AffectedSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    old_status = serializers.ChoiceField(ComponentStatus.choices)
    new_status = serializers.ChoiceField(ComponentStatus.choices)


class NoticeUpdateSerializer(serializers.ModelSerializer[NoticeUpdate]):
    """`state`: the public has read what is published; what waits is for those inside."""

    id = _public_id()
    state = serializers.ChoiceField(NoticeState.choices, read_only=True)
    status = serializers.ChoiceField(NoticeStatus.choices, read_only=True)
    affected = AffectedSerializer(many=True, read_only=True)
    body_in = serializers.DictField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = NoticeUpdate
        fields = (
            "id",
            "state",
            "status",
            "body",
            "body_in",
            "affected",
            "next_update_at",
            "deliver",
            "refusal",
            "created_at",
            "written_at",
            "edited_at",
        )
        read_only_fields = fields


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    """A notice with its updates, the newest first."""

    id = _public_id()
    components = serializers.SlugRelatedField[Any]("public_id", many=True, read_only=True)
    updates = NoticeUpdateSerializer(many=True, read_only=True)
    kind = serializers.ChoiceField(NoticeKind.choices, read_only=True)
    state = serializers.ChoiceField(NoticeState.choices, read_only=True)
    status = serializers.ChoiceField(NoticeStatus.choices, read_only=True)
    impact = serializers.ChoiceField(Impact.choices, read_only=True)
    repeats = serializers.ChoiceField(Repeats.choices, read_only=True)
    title_in = serializers.DictField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Notice
        fields = (
            "id",
            "kind",
            "state",
            "title",
            "title_in",
            "status",
            "impact",
            "components",
            "backfilled",
            "next_update_at",
            "eta_at",
            "scheduled_for",
            "scheduled_until",
            "auto_start",
            "auto_end",
            "remind_minutes",
            "repeats",
            "repeats_until",
            "started_at",
            "monitoring_at",
            "resolved_at",
            "cancelled_at",
            "updated_at",
            "updates",
        )
        read_only_fields = fields


class NoticeTemplateSerializer(serializers.ModelSerializer[NoticeTemplate]):
    kind = serializers.ChoiceField(NoticeKind.choices, read_only=True)
    status = serializers.ChoiceField(NoticeStatus.choices, read_only=True)
    title_in = serializers.DictField(child=serializers.CharField(), read_only=True)
    body_in = serializers.DictField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = NoticeTemplate
        fields = ("id", "name", "kind", "status", "title", "title_in", "body", "body_in")
        read_only_fields = fields


class CorrectionSerializer(serializers.ModelSerializer[UptimeCorrection]):
    component = serializers.SlugRelatedField[Any]("public_id", read_only=True)
    status = serializers.ChoiceField(ComponentStatus.choices, read_only=True)
    author = serializers.CharField(source="author.name", read_only=True, default="")

    class Meta:
        model = UptimeCorrection
        fields = ("id", "component", "since", "until", "status", "reason", "author", "created_at")
        read_only_fields = fields


class PageVersionSerializer(serializers.ModelSerializer[StatusSnapshot]):
    """One line of the log of what was published."""

    author = serializers.CharField(source="author.name", read_only=True, default="")

    class Meta:
        model = StatusSnapshot
        fields = ("version", "cause", "author", "built_at")
        read_only_fields = fields


class DaySerializer(serializers.Serializer[Any]):
    """`uptime`: fraction 0..1, null when nothing is known. `seconds`: by status."""

    date = serializers.DateField()
    uptime = serializers.FloatField(allow_null=True)
    seconds = serializers.DictField(child=serializers.FloatField())


class ComponentUptimeSerializer(serializers.Serializer[Any]):
    component = serializers.CharField()
    uptime = serializers.FloatField(allow_null=True)
    days = DaySerializer(many=True)

"""Shapes of runbooks on the wire. People by id, types by key, teams and services by slug."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api.serializers import StrictSerializer
from incidents.api.serializers import PersonSerializer
from incidents.choices import Helpful
from incidents.models import Runbook, RunbookVersion
from incidents.models.runbooks import MAX_REVIEW_DAYS
from incidents.runbooks.document import MAX_BODY
from oncall.api.fields import ReferenceField, WholeField
from teams.models import Team

_STRINGS = serializers.ListField(child=serializers.CharField())


class RunbookStepShape(serializers.Serializer[Any]):
    """A step; `key` is the same as long as its words are."""

    key = serializers.CharField()
    text = serializers.CharField()


class RunbookVersionSerializer(serializers.ModelSerializer[RunbookVersion]):
    steps = RunbookStepShape(many=True)

    class Meta:
        model = RunbookVersion
        fields = ("number", "note", "author_label", "published_at", "body", "steps")


class RunbookSerializer(serializers.ModelSerializer[Runbook]):
    """A runbook. `version`: the newest, 0 before the first; `body` its text. `stale`: its review is due. `matchers`:
    lines of conditions on alerts. `team` null: the organisation's."""

    team = serializers.SerializerMethodField()
    owner = PersonSerializer(allow_null=True)
    services = serializers.SerializerMethodField()
    types = serializers.SerializerMethodField()
    matchers = _STRINGS
    last_reviewed_by = PersonSerializer(allow_null=True)
    stale = serializers.SerializerMethodField()
    times_used = serializers.IntegerField()
    times_helped = serializers.IntegerField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    body = serializers.SerializerMethodField()
    url = serializers.CharField(source="get_absolute_url")

    class Meta:
        model = Runbook
        fields = (
            "id",
            "team",
            "name",
            "purpose",
            "owner",
            "active",
            "services",
            "types",
            "matchers",
            "review_every_days",
            "last_reviewed_at",
            "last_reviewed_by",
            "review_due_at",
            "stale",
            "version",
            "published_at",
            "times_used",
            "times_helped",
            "last_used_at",
            "body",
            "url",
        )
        read_only_fields = fields

    def get_team(self, row: Runbook) -> str | None:
        return row.team.slug if row.team else None

    @extend_schema_field(_STRINGS)
    def get_services(self, row: Runbook) -> list[str]:
        return [service.slug for service in self.context.get("services", {}).get(row.pk, ())]

    @extend_schema_field(_STRINGS)
    def get_types(self, row: Runbook) -> list[str]:
        return sorted(item.key for item in row.types.all())

    def get_stale(self, row: Runbook) -> bool:
        return row.is_stale(self.context["now"])

    def get_body(self, row: Runbook) -> str:
        return str(self.context.get("bodies", {}).get(row.pk, ""))


class _RunbookFields(StrictSerializer):
    purpose = serializers.CharField(max_length=300, required=False, allow_blank=True)
    owner = WholeField(minimum=1, required=False, allow_null=True)
    active = serializers.BooleanField(required=False)
    review_every_days = WholeField(maximum=MAX_REVIEW_DAYS, required=False)
    services = serializers.ListField(
        child=serializers.CharField(max_length=63), max_length=200, required=False, help_text="slugs"
    )
    types = serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=50, required=False, help_text="keys"
    )
    matchers = serializers.ListField(
        child=serializers.CharField(max_length=5000),
        max_length=20,
        required=False,
        help_text='lines such as `{alertname="PoolFull"}`; offered where one of them holds of an alert',
    )


class RunbookInput(_RunbookFields):
    name = serializers.CharField(max_length=120)
    team = ReferenceField(Team, slug=True, required=False, allow_null=True)
    body = serializers.CharField(max_length=MAX_BODY, required=False, trim_whitespace=False)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)


class RunbookChange(_RunbookFields):
    name = serializers.CharField(max_length=120, required=False)


class RunbookVersionInput(StrictSerializer):
    body = serializers.CharField(max_length=MAX_BODY, trim_whitespace=False)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)
    base = WholeField(
        minimum=1, required=False, help_text="the version it was written from; 409 when there is a newer one"
    )


class RunbookRestoreInput(StrictSerializer):
    version = WholeField(minimum=1)


class RunbookTickInput(StrictSerializer):
    step = serializers.CharField(max_length=20)
    done = serializers.BooleanField(default=True)


class RunbookRatingInput(StrictSerializer):
    helpful = serializers.ChoiceField([Helpful.YES.value, Helpful.PARTLY.value, Helpful.NO.value])
    comment = serializers.CharField(max_length=500, required=False, allow_blank=True)


class RunbookDoneStepShape(serializers.Serializer[Any]):
    """A step of a run; `done_at` null while it is to be done."""

    key = serializers.CharField()
    text = serializers.CharField()
    done_at = serializers.DateTimeField(source="tick.at", allow_null=True, default=None)
    done_by = serializers.CharField(source="tick.by_label", default="")


class RunbookRunShape(serializers.Serializer[Any]):
    """A runbook at work on an incident. `newer_version`: published since it began, 0 for none."""

    runbook = serializers.IntegerField()
    name = serializers.CharField()
    version = serializers.IntegerField()
    newer_version = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    started_by_label = serializers.CharField()
    finished_at = serializers.DateTimeField(allow_null=True)
    helpful = serializers.CharField(allow_blank=True)
    comment = serializers.CharField(allow_blank=True)
    steps = RunbookDoneStepShape(many=True)


class RunbookOfferShape(serializers.Serializer[Any]):
    """A runbook that fits an incident, the best first. `run` null: not started."""

    runbook = serializers.IntegerField(source="runbook.pk")
    name = serializers.CharField(source="runbook.name")
    why = serializers.CharField()
    stale = serializers.BooleanField()
    reviewed_at = serializers.DateTimeField(source="runbook.checked_at", allow_null=True)
    url = serializers.CharField()
    run = RunbookRunShape(allow_null=True)

"""Shapes of tasks, playbooks and roles on the wire. People by id, roles by key, types by key, teams by slug."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api.serializers import StrictSerializer
from incidents.actions.tasks import FIELDS
from incidents.api.serializers import PersonSerializer
from incidents.choices import Control, IncidentStatus, Stage, TaskKind, TaskState
from incidents.models import (
    IncidentTask,
    Playbook,
    PlaybookRun,
    PlaybookVersion,
    RoleAssignment,
    RoleDefinition,
    RoleOffer,
)
from incidents.playbooks import MAX_DETAIL, MAX_TASKS, MAX_WAITS
from oncall.api.fields import InstantField, ReferenceField, WholeField
from oncall.models import Schedule
from teams.models import Team


def _ids(limit: int) -> serializers.ListField:
    return serializers.ListField(child=WholeField(minimum=1), max_length=limit, required=False)


class TaskSerializer(serializers.ModelSerializer[IncidentTask]):
    """A task. `waits_for`: ids of the tasks it waits for. `shown` false: its condition does not hold now."""

    kind = serializers.ChoiceField(TaskKind.choices)
    stage = serializers.ChoiceField(Stage.choices, allow_blank=True)
    state = serializers.ChoiceField(TaskState.choices)
    control = serializers.ChoiceField(Control.choices)
    needed_before = serializers.ChoiceField(IncidentStatus.choices, allow_blank=True)
    owner = PersonSerializer(allow_null=True)
    backup = PersonSerializer(allow_null=True)
    ended_by = PersonSerializer(allow_null=True)
    waits_for = serializers.SerializerMethodField()
    shown_when = serializers.DictField()
    due_at = InstantField(allow_null=True)  # type: ignore[assignment]  # DRF declares fields this way
    playbook = serializers.SerializerMethodField()

    class Meta:
        model = IncidentTask
        fields = (
            "id",
            "key",
            "title",
            "detail",
            "kind",
            "stage",
            "role",
            "owner",
            "backup",
            "critical",
            "due_at",
            "state",
            "reason",
            "waits_for",
            "shown",
            "shown_when",
            "control",
            "needed_before",
            "playbook",
            "created_at",
            "started_at",
            "ended_at",
            "ended_by",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_waits_for(self, row: IncidentTask) -> list[int]:
        return sorted(item.pk for item in row.waits_for.all())

    def get_playbook(self, row: IncidentTask) -> str | None:
        return row.run.name if row.run else None


class _TaskFields(StrictSerializer):
    detail = serializers.CharField(max_length=MAX_DETAIL, required=False, allow_blank=True)
    kind = serializers.ChoiceField(TaskKind.choices, required=False)
    stage = serializers.ChoiceField(Stage.choices, allow_blank=True, required=False)
    role = serializers.CharField(max_length=20, required=False, allow_blank=True)
    owner = WholeField(minimum=1, required=False, allow_null=True)
    backup = WholeField(minimum=1, required=False, allow_null=True)
    due_at = InstantField(required=False, allow_null=True)
    critical = serializers.BooleanField(required=False)
    waits_for = _ids(MAX_WAITS)
    control = serializers.ChoiceField(Control.choices, required=False, allow_blank=True)
    needed_before = serializers.ChoiceField(IncidentStatus.choices, allow_blank=True, required=False)


class TaskInput(_TaskFields):
    title = serializers.CharField(max_length=200)


class TaskBase(_TaskFields):
    title = serializers.CharField(max_length=200, required=False)


class TaskChange(TaskBase):
    base = TaskBase(required=False)


class ReasonInput(StrictSerializer):
    reason = serializers.CharField(max_length=300)


class OrderInput(StrictSerializer):
    tasks = serializers.ListField(child=WholeField(minimum=1), max_length=300)


class StartPlaybookInput(StrictSerializer):
    playbook = WholeField(minimum=1)


class RunSerializer(serializers.ModelSerializer[PlaybookRun]):
    """A started playbook; `version` null when it is gone."""

    version = serializers.SerializerMethodField()
    tasks = serializers.SerializerMethodField()

    class Meta:
        model = PlaybookRun
        fields = ("id", "playbook", "name", "version", "started_at", "started_by_label", "tasks")

    def get_version(self, row: PlaybookRun) -> int | None:
        return row.version.number if row.version else None

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_tasks(self, row: PlaybookRun) -> list[int]:
        return list(row.tasks.values_list("pk", flat=True))


class PlanShape(serializers.Serializer[Any]):
    """A task of a version; only `title` is needed. Keys are unique and name each other in `waits_for`."""

    key = serializers.CharField(max_length=40, required=False)
    title = serializers.CharField(max_length=200)
    detail = serializers.CharField(max_length=MAX_DETAIL, required=False)
    kind = serializers.ChoiceField(TaskKind.choices, required=False)
    stage = serializers.ChoiceField(Stage.choices, required=False)
    role = serializers.CharField(max_length=20, required=False)
    due_minutes = serializers.IntegerField(required=False, allow_null=True)
    waits_for = serializers.ListField(child=serializers.CharField(), required=False)
    shown_when = serializers.DictField(required=False)
    control = serializers.ChoiceField(Control.choices, required=False)
    needed_before = serializers.ChoiceField(IncidentStatus.choices, required=False)
    critical = serializers.BooleanField(required=False)


@extend_schema_field(PlanShape(many=True))
class PlansField(serializers.Field[Any, Any, Any, Any]):
    """The tasks of a version as sent; `incidents.playbooks.parse` names every mistake in them."""

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list) or len(data) > MAX_TASKS:
            raise serializers.ValidationError(f"A list of 1 to {MAX_TASKS} tasks.")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class VersionSerializer(serializers.ModelSerializer[PlaybookVersion]):
    tasks = PlansField()

    class Meta:
        model = PlaybookVersion
        fields = ("number", "note", "author_label", "published_at", "tasks")


class VersionInput(StrictSerializer):
    tasks = PlansField()
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)


class PlaybookSerializer(serializers.ModelSerializer[Playbook]):
    """A playbook; `version` the newest, null while it has none; `tasks` those of the newest version."""

    team = serializers.SerializerMethodField()
    type = serializers.SerializerMethodField()
    stage = serializers.ChoiceField(Stage.choices, allow_blank=True)
    tested_by = PersonSerializer(allow_null=True)
    version = serializers.IntegerField(source="version_number", allow_null=True)
    times_used = serializers.IntegerField()
    tasks = serializers.SerializerMethodField()

    class Meta:
        model = Playbook
        fields = (
            "id",
            "team",
            "name",
            "description",
            "type",
            "from_rank",
            "to_rank",
            "starts_by_itself",
            "stage",
            "active",
            "last_tested_on",
            "tested_by",
            "version",
            "times_used",
            "tasks",
        )
        read_only_fields = fields

    def get_team(self, row: Playbook) -> str | None:
        return row.team.slug if row.team else None

    def get_type(self, row: Playbook) -> str | None:
        return row.type.key if row.type else None

    @extend_schema_field(PlanShape(many=True))
    def get_tasks(self, row: Playbook) -> list[Any]:
        version = self.context.get("versions", {}).get(row.pk)
        return version.tasks if version else []


class _PlaybookFields(StrictSerializer):
    description = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    type = serializers.CharField(max_length=40, required=False, allow_null=True)
    from_rank = WholeField(maximum=4, required=False, allow_null=True)
    to_rank = WholeField(maximum=4, required=False, allow_null=True)
    starts_by_itself = serializers.BooleanField(required=False)
    stage = serializers.ChoiceField(Stage.choices, allow_blank=True, required=False)
    active = serializers.BooleanField(required=False)


class PlaybookInput(_PlaybookFields):
    name = serializers.CharField(max_length=120)
    team = ReferenceField(Team, slug=True, required=False, allow_null=True)
    tasks = PlansField(required=False)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)


class PlaybookChange(_PlaybookFields):
    name = serializers.CharField(max_length=120, required=False)


class RoleDefinitionSerializer(serializers.ModelSerializer[RoleDefinition]):
    """A role of the organisation; `shipped` ones cannot be removed. Schedules by id, those one may see."""

    schedule = serializers.SerializerMethodField()
    backup_schedule = serializers.SerializerMethodField()

    class Meta:
        model = RoleDefinition
        fields = (
            "key",
            "name",
            "card",
            "single",
            "required_to_rank",
            "starter_tasks",
            "schedule",
            "backup_schedule",
            "shipped",
        )
        read_only_fields = fields

    def _seen(self, schedule_id: int | None) -> int | None:
        return schedule_id if schedule_id in self.context.get("schedules", ()) else None

    def get_schedule(self, row: RoleDefinition) -> int | None:
        return self._seen(row.schedule_id)

    def get_backup_schedule(self, row: RoleDefinition) -> int | None:
        return self._seen(row.backup_schedule_id)


class _RoleFields(StrictSerializer):
    card = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    single = serializers.BooleanField(required=False)
    required_to_rank = WholeField(maximum=4, required=False, allow_null=True)
    starter_tasks = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=20, required=False
    )
    schedule = ReferenceField(Schedule, required=False, allow_null=True)
    backup_schedule = ReferenceField(Schedule, required=False, allow_null=True)


class RoleDefinitionInput(_RoleFields):
    key = serializers.CharField(max_length=20)
    name = serializers.CharField(max_length=60)


class RoleDefinitionChange(_RoleFields):
    name = serializers.CharField(max_length=60, required=False)


class OfferInput(StrictSerializer):
    role = serializers.CharField(max_length=20)
    user = WholeField(minimum=1)
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True)


class OfferAnswerInput(StrictSerializer):
    accept = serializers.BooleanField()
    answer = serializers.CharField(max_length=500, required=False, allow_blank=True)


class OfferSerializer(serializers.ModelSerializer[RoleOffer]):
    """A role offered to somebody; the holder keeps it until it is accepted."""

    offered_to = PersonSerializer()
    state = serializers.CharField()

    class Meta:
        model = RoleOffer
        fields = (
            "id",
            "role",
            "offered_to",
            "offered_by_label",
            "note",
            "state",
            "created_at",
            "answered_at",
            "answer",
        )


class BackupInput(StrictSerializer):
    role = serializers.CharField(max_length=20)
    user = WholeField(minimum=1, required=False, allow_null=True)
    backup = WholeField(minimum=1, allow_null=True)


class AssignmentSerializer(serializers.ModelSerializer[RoleAssignment]):
    user = PersonSerializer()
    backup = PersonSerializer(allow_null=True)

    class Meta:
        model = RoleAssignment
        fields = ("role", "label", "user", "backup", "started_at", "ended_at", "note")


class JoinInput(StrictSerializer):
    role = serializers.ChoiceField(["responder", "observer"], default="responder")


class CallInput(StrictSerializer):
    role = serializers.CharField(max_length=20)


assert set(TaskBase().fields) == set(FIELDS)  # what may be changed is what the action knows

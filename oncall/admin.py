"""Schedules, policies and the engine's rows in Django admin.

Rotations are shown but not edited here: an edit by hand would rewrite who served in the past.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from core.errors import DomainError
from oncall.actions import calendars, overrides, policies, rotations, schedules
from oncall.models import (
    CalendarToken,
    EngineHeartbeat,
    EscalationPolicy,
    EscalationRun,
    Override,
    PolicyStep,
    PolicyTarget,
    Rotation,
    RunPage,
    Schedule,
)
from teams.actor import Actor, actor_for


def _actor(request: HttpRequest) -> Actor:
    return actor_for(request.user, via="admin")  # type: ignore[arg-type]


class ReadOnlyAdmin(ModelAdmin):
    """Rows that the engine alone writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DeletingAdmin(ModelAdmin):
    """Deletes by the action; a refusal is shown as a message."""

    def remove(self, request: HttpRequest, obj: Any) -> None:
        raise NotImplementedError

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        try:
            self.remove(request, obj)
        except DomainError as error:
            messages.error(request, error.sentence)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            self.delete_model(request, row)


@admin.register(Schedule)
class ScheduleAdmin(DeletingAdmin):
    list_display = ("name", "team", "timezone", "created_at")
    list_select_related = ("team",)
    list_filter = ("team", "timezone")
    search_fields = ("name", "team__name")
    autocomplete_fields = ("team",)
    view_on_site = True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("team", "created_at") if obj else ("created_at",)

    def save_model(self, request: HttpRequest, obj: Schedule, form: Any, change: bool) -> None:
        actor = _actor(request)
        if change:
            schedules.update_schedule(actor=actor, schedule_id=obj.pk, name=obj.name, timezone=obj.timezone)
        else:
            made = schedules.create_schedule(
                actor=actor, team_id=obj.team_id, name=obj.name, timezone=obj.timezone
            )
            obj.pk = made.pk

    def remove(self, request: HttpRequest, obj: Schedule) -> None:
        schedules.delete_schedule(actor=_actor(request), schedule_id=obj.pk)


@admin.register(Rotation)
class RotationAdmin(DeletingAdmin):
    list_display = ("name", "schedule", "layer", "unit", "count", "starts_at", "ends_at", "retired_at")
    list_select_related = ("schedule",)
    list_filter = ("unit", ("retired_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "schedule__name")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def remove(self, request: HttpRequest, obj: Rotation) -> None:
        rotations.delete_rotation(actor=_actor(request), rotation_id=obj.public_id)


@admin.register(Override)
class OverrideAdmin(DeletingAdmin):
    list_display = ("schedule", "kind", "user", "replaces", "starts_at", "ends_at", "created_by")
    list_select_related = ("schedule", "user", "replaces", "created_by")
    list_filter = ("kind", "starts_at")
    search_fields = ("schedule__name", "user__name", "replaces__name")
    autocomplete_fields = ("schedule", "user", "replaces")
    exclude = ("created_by",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Override, form: Any, change: bool) -> None:
        made = overrides.add_override(
            actor=_actor(request),
            schedule_id=obj.schedule_id,
            kind=obj.kind,
            user_id=obj.user_id,
            replaces_id=obj.replaces_id,
            starts_at=obj.starts_at,
            ends_at=obj.ends_at,
        )
        obj.pk = made.pk

    def remove(self, request: HttpRequest, obj: Override) -> None:
        overrides.delete_override(actor=_actor(request), override_id=obj.pk)


class StepInline(TabularInline):
    model = PolicyStep
    extra = 0
    fields = ("position", "delay_minutes")


@admin.register(EscalationPolicy)
class PolicyAdmin(DeletingAdmin):
    list_display = ("name", "team", "repeat", "is_default", "created_at")
    list_select_related = ("team",)
    list_filter = ("is_default", "team")
    search_fields = ("name", "team__name")
    autocomplete_fields = ("team",)
    inlines = (StepInline,)
    view_on_site = True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("team", "created_at") if obj else ("created_at",)

    def save_model(self, request: HttpRequest, obj: EscalationPolicy, form: Any, change: bool) -> None:
        actor = _actor(request)
        if change:
            policies.update_policy(
                actor=actor, policy_id=obj.pk, name=obj.name, repeat=obj.repeat, is_default=obj.is_default
            )
        else:
            made = policies.create_policy(
                actor=actor,
                team_id=obj.team_id,
                name=obj.name,
                steps=(),
                repeat=obj.repeat,
                is_default=obj.is_default,
            )
            obj.pk = made.pk

    def remove(self, request: HttpRequest, obj: EscalationPolicy) -> None:
        policies.delete_policy(actor=_actor(request), policy_id=obj.pk)


class TargetInline(TabularInline):
    model = PolicyTarget
    extra = 0
    autocomplete_fields = ("user", "schedule", "team")


@admin.register(PolicyStep)
class StepAdmin(ModelAdmin):
    list_display = ("policy", "position", "delay_minutes")
    list_select_related = ("policy",)
    list_filter = ("policy__team",)
    search_fields = ("policy__name",)
    autocomplete_fields = ("policy",)
    inlines = (TargetInline,)


@admin.register(PolicyTarget)
class TargetAdmin(ModelAdmin):
    list_display = ("step", "type", "user", "schedule", "team")
    list_select_related = ("step", "user", "schedule", "team")
    list_filter = ("type",)
    search_fields = ("step__policy__name", "user__name", "schedule__name", "team__name")
    autocomplete_fields = ("step", "user", "schedule", "team")


@admin.register(CalendarToken)
class CalendarTokenAdmin(DeletingAdmin):
    """Links can be looked at and removed, never made: their secret is shown to their owner alone."""

    list_display = ("user", "schedule", "created_at", "revoked_at")
    list_select_related = ("user", "schedule")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    search_fields = ("user__name", "schedule__name")
    exclude = ("digest",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def remove(self, request: HttpRequest, obj: CalendarToken) -> None:
        calendars.revoke_calendar_token(actor=actor_for(obj.user, via="admin"), token_id=obj.pk)


@admin.register(EscalationRun)
class RunAdmin(ReadOnlyAdmin):
    list_display = ("subject_key", "title", "policy", "status", "round", "step", "next_at", "started_at")
    list_select_related = ("policy",)
    list_filter = ("status", "urgency", "started_at")
    search_fields = ("subject_key", "title", "policy__name")


@admin.register(RunPage)
class RunPageAdmin(ReadOnlyAdmin):
    list_display = ("run", "round", "step", "user", "reached", "reason", "at")
    list_select_related = ("run", "user")
    list_filter = ("reached", "at")
    search_fields = ("run__subject_key", "user__name", "reason")


@admin.register(EngineHeartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("ticked_at", "ticked_by", "clock_fault_at", "paused_reason")
    list_filter = ("ticked_by",)
    search_fields = ("ticked_by",)

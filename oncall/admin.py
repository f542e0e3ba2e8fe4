"""Schedules, policies and the engine's rows in Django admin.

Rotations are shown but not edited here: an edit by hand would rewrite who served in the past.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest

from core.admin import ActionAdmin, DeletesByAction, ReadOnlyAdmin, ReadOnlyInline
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


@admin.register(Schedule)
class ScheduleAdmin(DeletesByAction, ActionAdmin):
    list_display = ("name", "team", "timezone", "created_at")
    list_select_related = ("team",)
    list_filter = ("team", "timezone")
    search_fields = ("name", "team__name")
    autocomplete_fields = ("team",)

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
class RotationAdmin(DeletesByAction, ActionAdmin):
    list_display = ("name", "schedule", "layer", "unit", "count", "starts_at", "ends_at", "retired_at")
    list_select_related = ("schedule",)
    list_filter = ("unit", ("retired_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "schedule__name")

    def view_on_site(self, obj: Rotation) -> str:
        return obj.schedule.get_absolute_url()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def remove(self, request: HttpRequest, obj: Rotation) -> None:
        rotations.delete_rotation(actor=_actor(request), rotation_id=obj.public_id)


@admin.register(Override)
class OverrideAdmin(DeletesByAction, ActionAdmin):
    list_display = ("schedule", "kind", "user", "replaces", "starts_at", "ends_at", "created_by")
    list_select_related = ("schedule", "user", "replaces", "created_by")
    list_filter = ("kind", "starts_at")
    search_fields = ("schedule__name", "user__name", "replaces__name")
    autocomplete_fields = ("schedule", "user", "replaces")
    exclude = ("created_by",)

    def view_on_site(self, obj: Override) -> str:
        return obj.schedule.get_absolute_url()

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


class StepInline(ReadOnlyInline):
    """The steps; with their targets they are edited on the policy's page."""

    model = PolicyStep
    fields = readonly_fields = ("position", "delay_minutes", "pages")
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        targets = PolicyTarget.objects.select_related("user", "schedule", "team")
        return super().get_queryset(request).prefetch_related(Prefetch("targets", targets))

    def pages(self, obj: PolicyStep) -> str:
        return ", ".join(_target(row) for row in obj.targets.all())  # type: ignore[attr-defined]


def _target(row: PolicyTarget) -> str:
    return f"{row.get_type_display()} {row.user or row.schedule or row.team}"


@admin.register(EscalationPolicy)
class PolicyAdmin(DeletesByAction, ActionAdmin):
    list_display = ("name", "team", "repeat", "is_default", "created_at")
    list_select_related = ("team",)
    list_filter = ("is_default", "team")
    search_fields = ("name", "team__name")
    autocomplete_fields = ("team",)
    inlines = (StepInline,)

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


class TargetInline(ReadOnlyInline):
    model = PolicyTarget
    fields = readonly_fields = ("type", "user", "schedule", "team")


@admin.register(PolicyStep)
class StepAdmin(ReadOnlyAdmin):
    """Looked at here, edited on the policy's page, which knows what an order of steps means."""

    list_display = ("policy", "position", "delay_minutes")
    list_select_related = ("policy",)
    list_filter = ("policy__team",)
    search_fields = ("policy__name",)
    inlines = (TargetInline,)

    def view_on_site(self, obj: PolicyStep) -> str:
        return obj.policy.get_absolute_url()


@admin.register(PolicyTarget)
class TargetAdmin(ReadOnlyAdmin):
    list_display = ("step", "type", "user", "schedule", "team")
    list_select_related = ("step", "user", "schedule", "team")
    list_filter = ("type",)
    search_fields = ("step__policy__name", "user__name", "schedule__name", "team__name")

    def view_on_site(self, obj: PolicyTarget) -> str:
        return obj.step.policy.get_absolute_url()


@admin.register(CalendarToken)
class CalendarTokenAdmin(DeletesByAction, ActionAdmin):
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

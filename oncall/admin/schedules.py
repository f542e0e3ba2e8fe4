"""Schedules. Rotations are shown but not edited here: an edit by hand would rewrite who served in the past."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from core.admin import ActionAdmin, DeletesByAction
from oncall.actions import overrides, rotations, schedules
from oncall.admin.base import acting
from oncall.models import (
    Override,
    Rotation,
    Schedule,
)


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
        actor = acting(request)
        if change:
            schedules.update_schedule(
                actor=actor,
                schedule_id=obj.pk,
                name=obj.name,
                timezone=obj.timezone,
                holiday_region=obj.holiday_region,
                unstaffed_hours=obj.unstaffed_hours,
            )
        else:
            made = schedules.create_schedule(
                actor=actor,
                team_id=obj.team_id,
                name=obj.name,
                timezone=obj.timezone,
                holiday_region=obj.holiday_region,
                unstaffed_hours=obj.unstaffed_hours,
            )
            obj.pk = made.pk

    def remove(self, request: HttpRequest, obj: Schedule) -> None:
        schedules.delete_schedule(actor=acting(request), schedule_id=obj.pk)


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
        rotations.delete_rotation(actor=acting(request), rotation_id=obj.public_id)


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
            actor=acting(request),
            schedule_id=obj.schedule_id,
            kind=obj.kind,
            user_id=obj.user_id,
            replaces_id=obj.replaces_id,
            starts_at=obj.starts_at,
            ends_at=obj.ends_at,
        )
        obj.pk = made.pk

    def remove(self, request: HttpRequest, obj: Override) -> None:
        overrides.delete_override(actor=acting(request), override_id=obj.pk)

"""Incidents, their timeline and people, for inspection; and the severity levels as set-up."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from unfold.admin import ModelAdmin

from core.admin import ReadOnlyAdmin
from incidents.actions.incident_setup import LEVEL_FIELDS, save_severity
from incidents.admin.base import PartAdmin
from incidents.models import (
    Incident,
    IncidentCounter,
    IncidentGroupPermission,
    IncidentService,
    IncidentUpdate,
    IncidentUserPermission,
    RoleAssignment,
    SeverityLevel,
    TimelineEntry,
    TimelineRevision,
)
from teams.actor import actor_for


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    list_display = ("number", "title", "status", "severity", "team", "commander", "created_at")
    list_filter = ("status", "severity", "kind", "team")
    list_select_related = ("severity", "team", "commander")
    search_fields = ("number", "title")


@admin.register(SeverityLevel)
class SeverityLevelAdmin(ModelAdmin):
    """The windows of each rank are set-up; ranks themselves are fixed. Changes go the way of the settings."""

    list_display = ("rank", "label", "ack_minutes", "internal_update_minutes", "public_update_minutes")
    search_fields = ("label", "meaning")
    fields = ("rank", *LEVEL_FIELDS)
    readonly_fields = ("rank",)

    def has_add_permission(self, request: object) -> bool:
        return False

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        return False

    def save_model(self, request: Any, obj: SeverityLevel, form: Any, change: bool) -> None:
        save_severity(
            actor=actor_for(request.user, via="admin"),
            rank=obj.rank,
            **{name: form.cleaned_data[name] for name in form.changed_data},
        )


@admin.register(TimelineEntry)
class TimelineEntryAdmin(PartAdmin):
    list_display = ("incident", "seq", "kind", "author_label", "happened_at")
    list_filter = ("kind",)
    list_select_related = ("incident",)
    search_fields = ("text", "author_label")


@admin.register(TimelineRevision)
class TimelineRevisionAdmin(ReadOnlyAdmin):
    list_display = ("entry", "replaced_at", "replaced_by")
    list_select_related = ("entry", "replaced_by")
    search_fields = ("text",)

    def view_on_site(self, obj: TimelineRevision) -> str:
        return obj.entry.incident.get_absolute_url()


@admin.register(IncidentService)
class IncidentServiceAdmin(PartAdmin):
    list_display = ("incident", "service", "condition")
    list_filter = ("condition",)
    list_select_related = ("incident", "service")
    search_fields = ("incident__title", "service__name")


@admin.register(IncidentUpdate)
class IncidentUpdateAdmin(PartAdmin):
    list_display = ("incident", "audience", "author_label", "sent_at", "next_update_due_at")
    list_filter = ("audience",)
    list_select_related = ("incident",)
    search_fields = ("text",)


@admin.register(RoleAssignment)
class RoleAssignmentAdmin(PartAdmin):
    list_display = ("incident", "role", "user", "started_at", "ended_at")
    list_filter = ("role",)
    list_select_related = ("incident", "user")
    search_fields = ("user__name", "incident__title")


@admin.register(IncidentUserPermission)
class IncidentUserPermissionAdmin(ReadOnlyAdmin):
    """Exceptions to who sees a private incident."""

    def view_on_site(self, obj: IncidentUserPermission) -> str:
        return obj.content_object.get_absolute_url()

    list_display = ("content_object", "user", "permission")
    list_select_related = ("content_object", "user", "permission__content_type")
    search_fields = ("user__name",)


@admin.register(IncidentGroupPermission)
class IncidentGroupPermissionAdmin(ReadOnlyAdmin):
    """Exceptions to who sees a private incident."""

    def view_on_site(self, obj: IncidentGroupPermission) -> str:
        return obj.content_object.get_absolute_url()

    list_display = ("content_object", "group", "permission")
    list_select_related = ("content_object", "group", "permission__content_type")
    search_fields = ("group__name",)


@admin.register(IncidentCounter)
class IncidentCounterAdmin(ReadOnlyAdmin):
    list_display = ("last_number",)
    search_fields = ("last_number",)

"""Alerts in Django admin: for inspection; lifecycle fields are read-only."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse

from alerts.models import Alert, IntakeItem, Integration, MaintenanceWindow, Silence
from core.admin import ReadOnlyAdmin


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ("title", "status", "service", "incident", "count", "last_seen_at")
    list_filter = ("status", "urgency", "team")
    list_select_related = ("service", "incident")
    search_fields = ("title", "dedup_key")
    show_full_result_count = False


@admin.register(IntakeItem)
class IntakeItemAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "action", "dedup_key", "status", "integration", "outcome")
    list_filter = ("status", "action")
    list_select_related = ("integration",)
    search_fields = ("dedup_key", "request_id")
    show_full_result_count = False

    def view_on_site(self, obj: IntakeItem) -> str | None:
        return obj.integration.get_absolute_url() if obj.integration else None


@admin.register(Integration)
class IntegrationAdmin(ReadOnlyAdmin):
    list_display = ("name", "kind", "service", "team", "is_active", "last_received_at")
    list_filter = ("kind", "is_active", "team")
    list_select_related = ("service", "team")
    search_fields = ("name",)
    exclude = ("key_digest", "next_key_digest")


@admin.register(Silence)
class SilenceAdmin(ReadOnlyAdmin):
    list_display = ("service", "reason", "starts_at", "ends_at", "created_by")
    list_filter = ("ends_at",)
    list_select_related = ("service", "created_by")
    search_fields = ("reason", "service__name")

    def view_on_site(self, obj: Silence | MaintenanceWindow) -> str:
        return reverse("alerts:holds")


@admin.register(MaintenanceWindow)
class MaintenanceWindowAdmin(SilenceAdmin):
    """As silences."""

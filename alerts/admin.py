"""Alerts in Django admin: for inspection; lifecycle fields are read-only."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse

from alerts.models import (
    Alert,
    AlertNote,
    Check,
    CheckLocation,
    CheckResult,
    FoldedKey,
    Heartbeat,
    HeartbeatSpan,
    IntakeItem,
    Integration,
    MaintenanceWindow,
    Objective,
    ObjectiveCount,
    RoutingRule,
    ServiceAlerting,
    Silence,
)
from core.admin import ReadOnlyAdmin, ReadOnlyInline


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
    exclude = ("key_digest", "next_key_digest", "secret_sealed", "settings")


class _HoldAdmin(ReadOnlyAdmin):
    search_fields = ("reason", "service__name")
    list_filter = ("ends_at",)

    def view_on_site(self, obj: Silence | MaintenanceWindow) -> str:
        return reverse("alerts:holds")


@admin.register(Silence)
class SilenceAdmin(_HoldAdmin):
    list_display = ("reason", "service", "team", "starts_at", "ends_at", "created_by")
    list_select_related = ("service", "team", "created_by")


@admin.register(MaintenanceWindow)
class MaintenanceWindowAdmin(_HoldAdmin):
    list_display = ("reason", "service", "starts_at", "ends_at", "rrule", "repeats_until", "created_by")
    list_select_related = ("service", "created_by")


@admin.register(RoutingRule)
class RoutingRuleAdmin(ReadOnlyAdmin):
    list_display = ("name", "team", "position", "is_active", "service", "suppress", "hold_minutes")
    list_filter = ("is_active", "suppress", "team")
    list_select_related = ("team", "service")
    search_fields = ("name",)

    def view_on_site(self, obj: RoutingRule) -> str:
        return reverse("alerts:rule", args=[obj.pk])


@admin.register(ServiceAlerting)
class ServiceAlertingAdmin(ReadOnlyAdmin):
    list_display = ("service", "group_by", "attach_symptoms", "flap_changes", "storm_per_minute")
    list_filter = ("group_by", "attach_symptoms")
    list_select_related = ("service",)
    search_fields = ("service__name",)

    def view_on_site(self, obj: ServiceAlerting) -> str:
        return reverse("alerts:alerting", args=[obj.service.slug])


@admin.register(AlertNote)
class AlertNoteAdmin(ReadOnlyAdmin):
    list_display = ("alert", "author_label", "created_at")
    list_select_related = ("alert",)
    search_fields = ("text", "author_label")

    def view_on_site(self, obj: AlertNote) -> str:
        return obj.alert.get_absolute_url()


@admin.register(FoldedKey)
class FoldedKeyAdmin(ReadOnlyAdmin):
    list_display = ("dedup_key", "integration", "alert")
    list_select_related = ("integration", "alert")
    search_fields = ("dedup_key",)

    def view_on_site(self, obj: FoldedKey) -> str:
        return obj.alert.get_absolute_url()


class HeartbeatSpanInline(ReadOnlyInline):
    """How long it was in which status."""

    model = HeartbeatSpan
    fields = readonly_fields = ("status", "since", "until")


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    inlines = (HeartbeatSpanInline,)
    list_display = ("name", "status", "service", "team", "last_ping_at", "due_at")
    list_filter = ("status", "team")
    list_select_related = ("service", "team")
    search_fields = ("name",)


@admin.register(Check)
class CheckAdmin(ReadOnlyAdmin):
    list_display = ("name", "kind", "status", "target", "service", "team", "changed_at")
    list_filter = ("status", "kind", "team")
    list_select_related = ("service", "team")
    search_fields = ("name", "target")
    exclude = ("headers_sealed",)


@admin.register(CheckLocation)
class CheckLocationAdmin(ReadOnlyAdmin):
    list_display = ("name", "is_active", "token_hint", "last_seen_at")
    list_filter = ("is_active",)
    search_fields = ("name",)
    exclude = ("token_digest",)

    def view_on_site(self, obj: CheckLocation) -> str:
        return "/checks/locations/"


@admin.register(CheckResult)
class CheckResultAdmin(ReadOnlyAdmin):
    list_display = ("at", "made_for", "location", "ok", "milliseconds", "detail")
    list_filter = ("ok", "location")
    list_select_related = ("made_for", "location")
    search_fields = ("made_for__name", "detail")

    def view_on_site(self, obj: CheckResult) -> str:
        return obj.made_for.get_absolute_url()


@admin.register(Objective)
class ObjectiveAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "service",
        "target",
        "window_days",
        "source",
        "budget_left",
        "burning",
        "is_enabled",
    )
    list_filter = ("burning", "source", "is_enabled", "team")
    list_select_related = ("service",)
    search_fields = ("name", "service__name", "external_id")


@admin.register(ObjectiveCount)
class ObjectiveCountAdmin(ReadOnlyAdmin):
    list_display = ("objective", "at", "good", "total")
    list_select_related = ("objective",)
    search_fields = ("objective__name",)
    show_full_result_count = False

    def view_on_site(self, obj: ObjectiveCount) -> str:
        return obj.objective.get_absolute_url()

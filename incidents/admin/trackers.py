"""Connections to issue trackers, without their secrets."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse

from core.admin import ReadOnlyAdmin
from incidents.models import TrackerConnection, TrackerEvent


@admin.register(TrackerConnection)
class TrackerConnectionAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "team",
        "kind",
        "project",
        "active",
        "last_heard_at",
        "last_written_at",
        "problem",
    )
    list_filter = ("kind", "active", "team")
    list_select_related = ("team",)
    search_fields = ("name", "project")
    exclude = ("sealed_token", "sealed_secret", "hook_key")

    def view_on_site(self, obj: TrackerConnection) -> str:
        return reverse("incidents:tracker", args=[obj.pk])


@admin.register(TrackerEvent)
class TrackerEventAdmin(ReadOnlyAdmin):
    list_display = ("delivery", "connection", "received_at")
    list_filter = ("connection",)
    list_select_related = ("connection",)
    search_fields = ("delivery",)

    def view_on_site(self, obj: TrackerEvent) -> str:
        return reverse("incidents:tracker", args=[obj.connection_id])

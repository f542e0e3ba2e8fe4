"""Heartbeats in Django admin: for inspection; they are changed on their own pages."""

from __future__ import annotations

from django.contrib import admin

from alerts.models import Heartbeat
from core.admin import ReadOnlyAdmin


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("name", "status", "service", "team", "last_ping_at", "due_at")
    list_filter = ("status", "team")
    list_select_related = ("service", "team")
    search_fields = ("name",)

"""The engine's rows."""

from __future__ import annotations

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from oncall.models import (
    EngineHeartbeat,
    EscalationRun,
    RunPage,
)


@admin.register(EscalationRun)
class RunAdmin(ReadOnlyAdmin):
    list_display = (
        "subject_key",
        "title",
        "policy",
        "status",
        "round",
        "step",
        "next_at",
        "held_until",
        "rearm_at",
        "started_at",
    )
    list_select_related = ("policy",)
    list_filter = ("status", "urgency", "started_at")
    search_fields = ("subject_key", "title", "policy__name")


@admin.register(RunPage)
class RunPageAdmin(ReadOnlyAdmin):
    list_display = ("run", "round", "step", "user", "schedule", "reached", "declined_at", "reason", "at")
    list_select_related = ("run", "user", "schedule")
    list_filter = ("reached", "at")
    search_fields = ("run__subject_key", "user__name", "reason")


@admin.register(EngineHeartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("ticked_at", "ticked_by", "clock_fault_at", "paused_reason")
    list_filter = ("ticked_by",)
    search_fields = ("ticked_by",)

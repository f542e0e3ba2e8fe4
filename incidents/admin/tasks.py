"""Tasks and started playbooks, for inspection."""

from __future__ import annotations

from django.contrib import admin

from incidents.admin.base import PartAdmin
from incidents.models import IncidentTask, PlaybookRun


@admin.register(IncidentTask)
class IncidentTaskAdmin(PartAdmin):
    list_display = ("incident", "title", "state", "owner", "due_at", "critical")
    list_filter = ("state", "kind", "control")
    list_select_related = ("incident", "owner")
    search_fields = ("title", "incident__title")


@admin.register(PlaybookRun)
class PlaybookRunAdmin(PartAdmin):
    list_display = ("incident", "name", "started_at", "started_by_label")
    list_select_related = ("incident",)
    search_fields = ("name", "incident__title")

"""Files, visits and suspected causes, for inspection."""

from __future__ import annotations

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from incidents.admin.base import PartAdmin
from incidents.models import IncidentVisit, SuspectedCause, TimelineFile


@admin.register(TimelineFile)
class TimelineFileAdmin(ReadOnlyAdmin):
    list_display = ("name", "kind", "size", "entry", "uploaded_at")
    list_filter = ("kind",)
    list_select_related = ("entry",)
    search_fields = ("name", "sha256")

    def view_on_site(self, obj: TimelineFile) -> str:
        return obj.entry.incident.get_absolute_url()


@admin.register(IncidentVisit)
class IncidentVisitAdmin(PartAdmin):
    list_display = ("incident", "user", "seq", "seen_at")
    list_select_related = ("incident", "user")
    search_fields = ("user__name", "incident__title")


@admin.register(SuspectedCause)
class SuspectedCauseAdmin(PartAdmin):
    list_display = ("text", "incident", "state", "owner", "changed_at")
    list_filter = ("state",)
    list_select_related = ("incident", "owner")
    search_fields = ("text", "evidence")

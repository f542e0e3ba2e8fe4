"""Calendar links and foreign calendars."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from core.admin import ActionAdmin, DeletesByAction, ReadOnlyAdmin
from oncall.actions import calendars, external
from oncall.admin.base import acting
from oncall.models import (
    CalendarToken,
    ExternalCalendar,
    ImportedShift,
)
from teams.actor import actor_for


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


@admin.register(ExternalCalendar)
class ExternalCalendarAdmin(DeletesByAction, ActionAdmin):
    """Looked at and removed here; their address is secret, and adding one belongs to its owner."""

    list_display = (
        "name",
        "purpose",
        "schedule",
        "user",
        "host",
        "fetched_at",
        "failing_since",
        "removed_at",
    )
    list_select_related = ("schedule", "user")
    list_filter = ("purpose", ("failing_since", admin.EmptyFieldListFilter))
    search_fields = ("name", "host", "schedule__name", "user__name")
    exclude = ("url", "content", "etag", "last_modified")
    readonly_fields = ("host", "unmatched", "removed_at", "created_at")

    def view_on_site(self, obj: ExternalCalendar) -> str:
        if obj.schedule is None:
            return "/oncall/me/calendars/"
        return f"{obj.schedule.get_absolute_url()}calendars/"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def remove(self, request: HttpRequest, obj: ExternalCalendar) -> None:
        external.remove_calendar(actor=acting(request), calendar_id=obj.pk)


@admin.register(ImportedShift)
class ImportedShiftAdmin(ReadOnlyAdmin):
    list_display = ("calendar", "user", "starts_at", "ends_at")
    list_select_related = ("calendar", "user")
    list_filter = ("starts_at",)
    search_fields = ("calendar__name", "user__name", "uid")

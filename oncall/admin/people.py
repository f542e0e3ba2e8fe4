"""What people ask and tell about shifts: looked at, and ended, through the actions."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from core import clock
from core.admin import ActionAdmin, DeletesByAction, ReadOnlyAdmin
from oncall.actions import handoff, leave, requests
from oncall.admin.base import acting
from oncall.models import HandoffNote, Leave, Shadow, ShiftNotice, ShiftPreference, ShiftRequest


class EndedByAction(DeletesByAction, ActionAdmin):
    """Neither added nor changed here; deleting a row does what its page would do."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Leave)
class LeaveAdmin(EndedByAction):
    list_display = ("user", "starts_at", "ends_at", "note", "calendar", "created_by")
    list_select_related = ("user", "calendar", "created_by")
    list_filter = ("starts_at", ("calendar", admin.EmptyFieldListFilter))
    search_fields = ("user__name", "note")

    def remove(self, request: HttpRequest, obj: Leave) -> None:
        leave.remove_leave(actor=acting(request), leave_id=obj.pk)


@admin.register(ShiftRequest)
class RequestAdmin(EndedByAction):
    """Deleting an open request takes it back, deleting an accepted one undoes what is still to come."""

    list_display = ("schedule", "kind", "user", "offered_to", "starts_at", "ends_at", "status", "answered_by")
    list_select_related = ("schedule", "user", "offered_to", "answered_by")
    list_filter = ("status", "kind", "starts_at")
    search_fields = ("schedule__name", "user__name", "offered_to__name", "note")

    def view_on_site(self, obj: ShiftRequest) -> str:
        return obj.schedule.get_absolute_url()

    def remove(self, request: HttpRequest, obj: ShiftRequest) -> None:
        verb = requests.cancel if obj.status == "open" else requests.undo
        verb(actor=acting(request), request_id=obj.pk, now=clock.now())


@admin.register(Shadow)
class ShadowAdmin(EndedByAction):
    list_display = ("schedule", "user", "follows", "starts_at", "ends_at", "created_by")
    list_select_related = ("schedule", "user", "follows", "created_by")
    list_filter = ("starts_at",)
    search_fields = ("schedule__name", "user__name", "follows__name")

    def view_on_site(self, obj: Shadow) -> str:
        return obj.schedule.get_absolute_url()

    def remove(self, request: HttpRequest, obj: Shadow) -> None:
        handoff.remove_shadow(actor=acting(request), shadow_id=obj.pk, now=clock.now())


@admin.register(HandoffNote)
class HandoffNoteAdmin(ReadOnlyAdmin):
    list_display = ("schedule", "author", "shift_ends_at", "load", "updated_at")
    list_select_related = ("schedule", "author")
    list_filter = ("load", "shift_ends_at")
    search_fields = ("schedule__name", "author__name", "text")

    def view_on_site(self, obj: HandoffNote) -> str:
        return obj.schedule.get_absolute_url()


@admin.register(ShiftNotice)
class ShiftNoticeAdmin(ReadOnlyAdmin):
    list_display = ("user", "schedule", "kind", "mark", "sent_at")
    list_select_related = ("user", "schedule")
    list_filter = ("kind", "sent_at")
    search_fields = ("user__name", "schedule__name", "mark")


@admin.register(ShiftPreference)
class ShiftPreferenceAdmin(ReadOnlyAdmin):
    list_display = ("user", "remind_minutes", "handoff_notices")
    list_select_related = ("user",)
    list_filter = ("handoff_notices",)
    search_fields = ("user__name",)

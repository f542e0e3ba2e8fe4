"""Runbooks as set-up: the header can be repaired here, versions and what was done with them are read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from core.admin import ActionAdmin, ReadOnlyAdmin, ReadOnlyInline
from incidents.actions.runbooks import HEADER, edit_runbook
from incidents.admin.base import PartAdmin
from incidents.models import Runbook, RunbookRun, RunbookService, RunbookTick, RunbookVersion
from teams.actor import actor_for


class RunbookVersionInline(ReadOnlyInline):
    model = RunbookVersion
    fields = ("number", "note", "author_label", "published_at")
    readonly_fields = fields


class RunbookServiceInline(ReadOnlyInline):
    model = RunbookService
    fields = ("service",)
    readonly_fields = fields


@admin.register(Runbook)
class RunbookAdmin(ActionAdmin):
    """Written on its own pages; saved here through the same action."""

    list_display = ("name", "team", "owner", "version", "active", "last_reviewed_at", "review_due_at")
    list_filter = ("active", "team")
    list_select_related = ("team", "owner")
    search_fields = ("name", "purpose")
    autocomplete_fields = ("owner",)
    fields = ("name", "purpose", "owner", "active", "review_every_days", "matchers")
    inlines = (RunbookServiceInline, RunbookVersionInline)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: Any, obj: Runbook, form: ModelForm[Runbook], change: bool) -> None:
        values = {name: getattr(obj, name) for name in HEADER}
        edit_runbook(actor=actor_for(request.user, via="admin"), runbook_id=obj.pk, **values)


@admin.register(RunbookVersion)
class RunbookVersionAdmin(ReadOnlyAdmin):
    list_display = ("runbook", "number", "author_label", "published_at")
    list_select_related = ("runbook",)
    search_fields = ("runbook__name", "note")

    def view_on_site(self, obj: RunbookVersion) -> str:
        return obj.runbook.get_absolute_url()


class RunbookTickInline(ReadOnlyInline):
    model = RunbookTick
    fields = ("key", "by_label", "at")
    readonly_fields = fields


@admin.register(RunbookRun)
class RunbookRunAdmin(PartAdmin):
    list_display = (
        "incident",
        "runbook",
        "version",
        "started_by_label",
        "started_at",
        "finished_at",
        "helpful",
    )
    list_filter = ("helpful",)
    list_select_related = ("incident", "runbook", "version")
    search_fields = ("runbook__name", "comment")
    inlines = (RunbookTickInline,)

"""Playbooks as set-up: the header can be repaired here, versions are read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from core.admin import ActionAdmin, ReadOnlyAdmin, ReadOnlyInline
from incidents.actions.playbooks import HEADER, edit_playbook
from incidents.models import Playbook, PlaybookVersion
from teams.actor import actor_for


class VersionInline(ReadOnlyInline):
    model = PlaybookVersion
    fields = ("number", "note", "author_label", "published_at")
    readonly_fields = fields


@admin.register(Playbook)
class PlaybookAdmin(ActionAdmin):
    """Written on its own pages; saved here through the same action."""

    list_display = ("name", "team", "type", "starts_by_itself", "active", "last_tested_on")
    list_filter = ("active", "starts_by_itself", "stage")
    list_select_related = ("team", "type")
    search_fields = ("name", "description")
    fields = ("name", "description", "type", "from_rank", "to_rank", "starts_by_itself", "stage", "active")
    inlines = (VersionInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: Any, obj: Playbook, form: ModelForm[Playbook], change: bool) -> None:
        values = {name: getattr(obj, name) for name in HEADER}
        edit_playbook(actor=actor_for(request.user), playbook_id=obj.pk, **values)


@admin.register(PlaybookVersion)
class PlaybookVersionAdmin(ReadOnlyAdmin):
    list_display = ("playbook", "number", "author_label", "published_at")
    list_select_related = ("playbook",)
    search_fields = ("playbook__name", "note")

    def view_on_site(self, obj: PlaybookVersion) -> str:
        return obj.playbook.get_absolute_url()

"""Roles as set-up, and offers for inspection."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from core.admin import ActionAdmin
from incidents.actions.role_setup import FIELDS, delete_role_definition, edit_role_definition
from incidents.admin.base import PartAdmin
from incidents.models import RoleDefinition, RoleOffer
from teams.actor import actor_for


@admin.register(RoleDefinition)
class RoleDefinitionAdmin(ActionAdmin):
    """New ones are made in the settings, where their key is checked."""

    list_display = ("key", "name", "single", "required_to_rank", "schedule", "shipped")
    list_select_related = ("schedule",)
    search_fields = ("key", "name")
    readonly_fields = ("key", "shipped")
    exclude = ("position",)

    def view_on_site(self, obj: RoleDefinition) -> str:
        return f"/settings/roles/{obj.pk}/"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(
        self, request: Any, obj: RoleDefinition, form: ModelForm[RoleDefinition], change: bool
    ) -> None:
        values = {name: getattr(obj, name) for name in FIELDS}
        edit_role_definition(actor=actor_for(request.user), key=obj.pk, **values)

    def delete_model(self, request: Any, obj: RoleDefinition) -> None:
        delete_role_definition(actor=actor_for(request.user), key=obj.pk)

    def delete_queryset(self, request: Any, queryset: Any) -> None:
        for row in queryset:
            self.delete_model(request, row)


@admin.register(RoleOffer)
class RoleOfferAdmin(PartAdmin):
    list_display = ("incident", "label", "offered_to", "state", "created_at")
    list_filter = ("state",)
    list_select_related = ("incident", "offered_to")
    search_fields = ("label", "offered_to__name", "incident__title")

"""Inspection and repair in Django admin. Saving calls the same actions as the pages."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.html import format_html

from core import admin as base
from teams.actions.deactivation import reactivate_user
from teams.actions.invitations import revoke_invitation
from teams.actions.memberships import create_team, remove_member, set_member, update_team
from teams.actions.people import change_email, create_user, set_instance_role, update_profile
from teams.actions.tokens import revoke_token
from teams.actor import Actor, actor_for
from teams.models import APIToken, AuditEntry, Invitation, Membership, SavedView, Team, User

# Groups mirror memberships; changing them here would part the two. Importing the module that registers
# them comes first: apps are discovered in the order of INSTALLED_APPS.
import_module("django.contrib.auth.admin")
admin.site.unregister(Group)


def acting(request: HttpRequest) -> Actor:
    """Who changes something in Django admin."""
    assert isinstance(request.user, User)
    return actor_for(request.user, via="admin")


class ActionAdmin(base.ActionAdmin):
    """An admin whose rows are not deleted, and which leads to their pages from the list."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="page")
    def page(self, obj: Any) -> str:
        """A link to the page of the product."""
        return format_html('<a href="{}">open</a>', obj.get_absolute_url())


class ReadOnlyAdmin(ActionAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(ActionAdmin):
    list_display = ("name", "email", "is_active", "is_superuser", "is_support", "last_login", "page")
    list_filter = ("is_active", "is_superuser", "is_support")
    search_fields = ("name", "email")
    fields = (
        "name",
        "email",
        "time_zone",
        "is_superuser",
        "is_support",
        "is_active",
        "last_login",
        "created_at",
    )
    readonly_fields = ("is_active", "last_login", "created_at")
    actions = ("reactivate",)

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm[User], change: bool) -> None:
        actor = acting(request)
        data = form.cleaned_data
        roles = {"admin": data["is_superuser"], "support": data["is_support"]}
        own = {"name": data["name"], "time_zone": data["time_zone"]}
        if not change:
            obj.pk = create_user(actor=actor, email=data["email"], **own, **roles).pk
            return
        set_instance_role(actor=actor, user_id=obj.pk, **roles)
        update_profile(actor=actor, user_id=obj.pk, **own)
        change_email(actor=actor, user_id=obj.pk, email=data["email"])

    @admin.action(description="Reactivate")
    def reactivate(self, request: HttpRequest, queryset: Any) -> None:
        for user in queryset:
            reactivate_user(actor=acting(request), user_id=user.pk)


@admin.register(Team)
class TeamAdmin(ActionAdmin):
    list_display = ("name", "slug", "visibility", "created_at", "page")
    list_filter = ("visibility",)
    search_fields = ("name", "slug")
    fields = ("name", "slug", "description", "visibility", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Team | None = None) -> tuple[str, ...]:
        return ("created_at",) if obj is None else ("slug", "created_at")

    def save_model(self, request: HttpRequest, obj: Team, form: forms.ModelForm[Team], change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in ("name", "description", "visibility")}
        if change:
            update_team(actor=acting(request), team_id=obj.pk, **values)
        else:
            obj.pk = create_team(actor=acting(request), slug=form.cleaned_data["slug"], **values).pk


@admin.register(Membership)
class MembershipAdmin(ActionAdmin):
    list_display = ("user", "team", "role", "from_groups", "created_at")
    list_filter = ("role", "from_groups", "team")
    list_select_related = ("user", "team")
    search_fields = ("user__name", "user__email", "team__name")
    autocomplete_fields = ("user", "team")
    fields = ("user", "team", "role", "from_groups", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        fixed = ("from_groups", "created_at")
        return fixed if obj is None else ("user", "team", *fixed)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def get_actions(self, request: HttpRequest) -> Any:
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def save_model(
        self, request: HttpRequest, obj: Membership, form: forms.ModelForm[Membership], change: bool
    ) -> None:
        role = form.cleaned_data["role"]
        row = set_member(actor=acting(request), team_id=obj.team_id, user_id=obj.user_id, role=role)
        obj.pk = row.pk

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        remove_member(actor=acting(request), team_id=obj.team_id, user_id=obj.user_id)


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "team", "role", "created_by", "expires_at", "accepted_at", "revoked_at")
    list_filter = ("role", "team")
    list_select_related = ("team", "created_by")
    search_fields = ("email", "name")
    exclude = ("digest",)
    actions = ("revoke",)

    @admin.action(description="Revoke")
    def revoke(self, request: HttpRequest, queryset: Any) -> None:
        for invitation in queryset.filter(accepted_at__isnull=True):
            revoke_invitation(actor=acting(request), invitation_id=invitation.pk)


@admin.register(APIToken)
class TokenAdmin(ReadOnlyAdmin):
    list_display = ("name", "prefix", "user", "team", "expires_at", "last_used_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "team")
    list_select_related = ("user", "team")
    search_fields = ("name", "prefix", "user__name", "user__email")
    exclude = ("digest",)
    actions = ("revoke",)

    @admin.action(description="Revoke")
    def revoke(self, request: HttpRequest, queryset: Any) -> None:
        for token in queryset:
            revoke_token(actor=acting(request), token_id=token.pk)


@admin.register(SavedView)
class SavedViewAdmin(ReadOnlyAdmin):
    list_display = ("name", "page", "user", "team", "query", "created_at")
    list_filter = ("page", "team")
    list_select_related = ("user", "team")
    search_fields = ("name", "query", "user__name", "user__email")


@admin.register(AuditEntry)
class AuditAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor_label", "via", "verb", "object_type", "object_label", "team")
    list_filter = ("object_type", "via", "team")
    list_select_related = ("team",)
    search_fields = ("actor_label", "object_label", "verb")
    show_full_result_count = False

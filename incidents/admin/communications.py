"""Words, promises, stakeholders, customers and support in Django admin; set-up is changed through actions."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from core.admin import ActionAdmin, DeletesByAction, ReadOnlyAdmin, ReadOnlyInline
from incidents import actions
from incidents.admin.base import PartAdmin
from incidents.models import (
    CustomerContact,
    CustomerMessage,
    CustomerReport,
    Follow,
    Stakeholder,
    StakeholderList,
    SupportQuestion,
    UpdatePromise,
    UpdateTemplate,
)
from teams.actor import Actor, actor_for


def _actor(request: HttpRequest) -> Actor:
    return actor_for(request.user, via="admin")  # type: ignore[arg-type]  # signed in, by the admin site


@admin.register(UpdatePromise)
class UpdatePromiseAdmin(PartAdmin):
    list_display = ("incident", "audience", "due_at", "reminded_at", "overdue_told_at")
    list_filter = ("audience",)
    list_select_related = ("incident",)
    search_fields = ("incident__title", "audience")


@admin.register(UpdateTemplate)
class UpdateTemplateAdmin(DeletesByAction, ActionAdmin):
    list_display = ("name", "audience", "status", "team", "type", "customers", "approved")
    list_filter = ("audience", "customers", "team")
    list_select_related = ("team", "type")
    search_fields = ("name", "subject", "body")
    autocomplete_fields = ("team",)

    def view_on_site(self, obj: UpdateTemplate) -> str:
        return f"/settings/update-templates/{obj.pk}/"

    def save_model(self, request: HttpRequest, obj: UpdateTemplate, form: Any, change: bool) -> None:
        names = ("name", "audience", "status", "customers", "subject", "body", "approved", "position")
        values = {name: getattr(obj, name) for name in names}
        values |= {"team_id": obj.team_id, "type_id": obj.type_id}
        pk = obj.pk if change else None
        obj.pk = actions.save_template(actor=_actor(request), template_id=pk, **values).pk

    def remove(self, request: HttpRequest, obj: UpdateTemplate) -> None:
        actions.delete_template(actor=_actor(request), template_id=obj.pk)


class StakeholderInline(ReadOnlyInline):
    """Who is on the list; edited on its page."""

    model = Stakeholder
    fields = readonly_fields = ("user", "address", "name", "channel")


@admin.register(StakeholderList)
class StakeholderListAdmin(DeletesByAction, ActionAdmin):
    list_display = ("name", "team", "service", "to_rank", "internal", "executive")
    list_filter = ("internal", "executive", "team")
    list_select_related = ("team", "service")
    search_fields = ("name",)
    autocomplete_fields = ("team", "service")
    inlines = (StakeholderInline,)

    def view_on_site(self, obj: StakeholderList) -> str:
        return f"/settings/stakeholders/{obj.pk}/"

    def save_model(self, request: HttpRequest, obj: StakeholderList, form: Any, change: bool) -> None:
        names = ("name", "team_id", "service_id", "to_rank", "internal", "executive")
        values = {name: getattr(obj, name) for name in names}
        pk = obj.pk if change else None
        obj.pk = actions.save_list(actor=_actor(request), list_id=pk, **values).pk

    def remove(self, request: HttpRequest, obj: StakeholderList) -> None:
        actions.delete_list(actor=_actor(request), list_id=obj.pk)


@admin.register(Stakeholder)
class StakeholderAdmin(ReadOnlyAdmin):
    list_display = ("list", "user", "address", "name", "channel")
    list_filter = ("channel",)
    list_select_related = ("list", "user")
    search_fields = ("name", "address", "user__name", "list__name")

    def view_on_site(self, obj: Stakeholder) -> str:
        return f"/settings/stakeholders/{obj.list_id}/"


@admin.register(Follow)
class FollowAdmin(ReadOnlyAdmin):
    list_display = ("user", "incident", "service", "team", "created_at")
    list_select_related = ("user", "incident", "service", "team")
    search_fields = ("user__name",)

    def view_on_site(self, obj: Follow) -> str:
        target = obj.incident or obj.service or obj.team
        return target.get_absolute_url() if target else "/settings/following/"


@admin.register(CustomerReport)
class CustomerReportAdmin(PartAdmin):
    list_display = ("incident", "customer", "ticket", "reported_by_label", "reported_at")
    list_select_related = ("incident",)
    search_fields = ("customer", "ticket", "note")


@admin.register(SupportQuestion)
class SupportQuestionAdmin(PartAdmin):
    list_display = ("incident", "text", "asked_by_label", "asked_at", "answered_at")
    list_select_related = ("incident",)
    search_fields = ("text", "answer")


@admin.register(CustomerContact)
class CustomerContactAdmin(DeletesByAction, ActionAdmin):
    list_display = ("email", "name", "company", "segment", "active")
    list_filter = ("active", "segment")
    search_fields = ("email", "name", "company")
    readonly_fields = ("created_at",)
    autocomplete_fields = ("services",)

    def view_on_site(self, obj: CustomerContact) -> str:
        return f"/settings/customers/{obj.pk}/"

    def save_model(self, request: HttpRequest, obj: CustomerContact, form: Any, change: bool) -> None:
        names = ("email", "name", "company", "segment", "language", "active")
        values = {name: getattr(obj, name) for name in names}
        pk = obj.pk if change else None
        obj.pk = actions.save_contact(actor=_actor(request), contact_id=pk, **values).pk

    def remove(self, request: HttpRequest, obj: CustomerContact) -> None:
        actions.delete_contact(actor=_actor(request), contact_id=obj.pk)


@admin.register(CustomerMessage)
class CustomerMessageAdmin(PartAdmin):
    list_display = ("incident", "subject", "author_label", "sent_at", "withdrawn_at")
    list_select_related = ("incident",)
    search_fields = ("subject", "body")

    def view_on_site(self, obj: CustomerMessage) -> str:
        return f"/incidents/{obj.incident.number}/customers/{obj.pk}/"

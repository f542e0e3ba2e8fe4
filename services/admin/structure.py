"""Systems, domains, environments, fields, vendors and what is pending, in Django admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from core.admin import ActionAdmin, DeletesByAction, ReadOnlyAdmin, ReadOnlyInline
from services import actions
from services.models import (
    AccessConfirmation,
    AccessItem,
    Agreement,
    DanglingReference,
    Domain,
    Environment,
    OwnershipTransfer,
    ServiceField,
    System,
    Vendor,
)
from teams.actor import Actor, actor_for


def _actor(request: HttpRequest) -> Actor:
    return actor_for(request.user, via="admin")  # type: ignore[arg-type]  # staff are people of ours


class OfService:
    """Rows whose page in the product is that of their service."""

    def view_on_site(self, obj: Any) -> str:
        return str(obj.service.get_absolute_url())


class PartAdmin(DeletesByAction, ActionAdmin):
    """What systems and domains share; saves go through the actions."""

    search_fields = ("name", "slug", "description")
    readonly_fields = ("external_id", "created_at")
    list_filter = ("team",)
    kind = ""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.readonly_fields, "slug") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        values = {"name": obj.name, "description": obj.description, "team_id": obj.team_id}
        actor = _actor(request)
        if self.kind == "system":
            made: Any = actions.save_system(
                actor=actor, slug=obj.slug, new=not change, domain_id=obj.domain_id, **values
            )
        else:
            made = actions.save_domain(
                actor=actor, slug=obj.slug, new=not change, parent_id=obj.parent_id, **values
            )
        obj.pk, obj.slug = made.pk, made.slug

    def remove(self, request: HttpRequest, obj: Any) -> None:
        actions.delete_part(actor=_actor(request), kind=self.kind, slug=obj.slug)

    def view_on_site(self, obj: Any) -> str:
        return str(obj.get_absolute_url())


@admin.register(System)
class SystemAdmin(PartAdmin):
    list_display = ("name", "slug", "team", "domain")
    list_select_related = ("team", "domain")
    autocomplete_fields = ("team", "domain")
    kind = "system"


@admin.register(Domain)
class DomainAdmin(PartAdmin):
    list_display = ("name", "slug", "team", "parent")
    list_select_related = ("team", "parent")
    autocomplete_fields = ("team", "parent")
    kind = "domain"


@admin.register(Environment)
class EnvironmentAdmin(ReadOnlyAdmin):
    """Edited as a list under Settings, Catalog."""

    list_display = ("name", "slug", "position")
    search_fields = ("name", "slug")

    def view_on_site(self, obj: Environment) -> str:
        return reverse("services:setup")


@admin.register(ServiceField)
class ServiceFieldAdmin(ReadOnlyAdmin):
    """Edited under Settings, Catalog."""

    list_display = ("name", "key", "kind", "required", "active")
    list_filter = ("kind", "active")
    search_fields = ("name", "key")

    def view_on_site(self, obj: ServiceField) -> str:
        return reverse("services:field", args=[obj.key])


@admin.register(Vendor)
class VendorAdmin(OfService, ActionAdmin):
    """What is known of a vendor can be changed, what its page says cannot."""

    list_display = ("service", "indicator", "status_url", "read_at", "failure")
    list_select_related = ("service",)
    list_filter = ("indicator",)
    search_fields = ("service__name", "service__slug", "status_url", "account")
    fields = (
        "service",
        "status_url",
        "support",
        "account",
        "contract_url",
        "indicator",
        "description",
        "components",
        "incidents",
        "failure",
        "read_at",
        "changed_at",
        "next_at",
    )
    readonly_fields = ("service", *fields[5:])

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Vendor, form: Any, change: bool) -> None:
        values = {name: getattr(obj, name) for name in ("status_url", "support", "account", "contract_url")}
        actions.set_vendor(actor=_actor(request), service_id=obj.service_id, **values)


@admin.register(Agreement)
class AgreementAdmin(OfService, ReadOnlyAdmin):
    """Edited on the service's page, as a list."""

    list_display = ("name", "service", "party", "target", "period", "starts_on", "ends_on")
    list_select_related = ("service",)
    list_filter = ("period",)
    search_fields = ("name", "party", "service__name", "service__slug")


@admin.register(OwnershipTransfer)
class OwnershipTransferAdmin(OfService, ReadOnlyAdmin):
    list_display = ("service", "from_team", "to_team", "status", "asked_by", "asked_at", "answered_at")
    list_select_related = ("service", "from_team", "to_team", "asked_by")
    list_filter = ("status",)
    search_fields = ("service__name", "service__slug", "note")


@admin.register(DanglingReference)
class DanglingReferenceAdmin(OfService, ReadOnlyAdmin):
    list_display = ("reference", "kind", "service", "source", "created_at")
    list_select_related = ("service",)
    list_filter = ("kind", "source")
    search_fields = ("reference", "service__name", "service__slug")


class ConfirmationInline(ReadOnlyInline):
    """Who has tried it, and when."""

    model = AccessConfirmation
    fields = readonly_fields = ("user", "confirmed_at")


@admin.register(AccessItem)
class AccessItemAdmin(OfService, ReadOnlyAdmin):
    list_display = ("text", "service", "url")
    list_select_related = ("service",)
    search_fields = ("text", "service__name", "service__slug")
    inlines = (ConfirmationInline,)

"""The catalog in Django admin: for inspection, repair and bulk work. Saves go through the actions."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet, URLField
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from core.errors import DomainError
from services import actions
from services.models import ChangeEvent, Dependency, Service, ServiceLink
from teams.actor import actor_for

_FIELDS = ("name", "description", "tier", "lifecycle")


class HttpsLinks:
    """An address typed without scheme means https."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if isinstance(db_field, URLField):
            options["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **options)  # type: ignore[misc]


class LinkInline(HttpsLinks, TabularInline):
    model = ServiceLink
    extra = 0
    fields = ("kind", "title", "url", "position")


class NeedsInline(TabularInline):
    """What the service needs."""

    model = Dependency
    fk_name = "downstream"
    extra = 0
    autocomplete_fields = ("upstream",)


@admin.register(Service)
class ServiceAdmin(ModelAdmin):
    list_display = ("name", "slug", "team", "tier", "lifecycle", "escalation_policy")
    list_select_related = ("team", "escalation_policy")
    list_filter = ("tier", "lifecycle", "team")
    search_fields = ("name", "slug", "description")
    autocomplete_fields = ("team", "escalation_policy")
    readonly_fields = ("created_at",)
    inlines = (LinkInline, NeedsInline)
    view_on_site = True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.readonly_fields, "slug") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Service, form: Any, change: bool) -> None:
        actor = actor_for(request.user, via="admin")  # type: ignore[arg-type]
        values = {name: getattr(obj, name) for name in _FIELDS}
        values |= {"team_id": obj.team_id, "escalation_policy_id": obj.escalation_policy_id}
        if change:
            actions.update_service(actor=actor, service_id=obj.pk, **values)
        else:
            made = actions.create_service(actor=actor, slug=obj.slug, **values)
            obj.pk, obj.slug = made.pk, made.slug

    def delete_model(self, request: HttpRequest, obj: Service) -> None:
        try:
            actions.delete_service(actor=actor_for(request.user, via="admin"), service_id=obj.pk)  # type: ignore[arg-type]
        except DomainError as error:
            messages.error(request, error.sentence)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for service in queryset:
            self.delete_model(request, service)


@admin.register(ServiceLink)
class ServiceLinkAdmin(HttpsLinks, ModelAdmin):
    list_display = ("title", "kind", "service", "url")
    list_select_related = ("service",)
    list_filter = ("kind",)
    search_fields = ("title", "url", "service__name", "service__slug")
    autocomplete_fields = ("service",)


@admin.register(Dependency)
class DependencyAdmin(ModelAdmin):
    list_display = ("downstream", "upstream", "kind", "note")
    list_select_related = ("downstream", "upstream")
    list_filter = ("kind",)
    search_fields = ("downstream__name", "downstream__slug", "upstream__name", "upstream__slug", "note")
    autocomplete_fields = ("downstream", "upstream")

    def save_model(self, request: HttpRequest, obj: Dependency, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        edge, _created = actions.set_dependency(
            actor=actor_for(request.user, via="admin"),  # type: ignore[arg-type]
            downstream_id=obj.downstream_id,
            upstream_id=obj.upstream_id,
            kind=obj.kind,
            note=obj.note,
        )
        obj.pk = edge.pk


@admin.register(ChangeEvent)
class ChangeEventAdmin(ModelAdmin):
    list_display = ("summary", "service", "kind", "source", "happened_at")
    list_select_related = ("service",)
    list_filter = ("kind", "happened_at")
    search_fields = ("summary", "source", "service__name", "service__slug")
    autocomplete_fields = ("service",)
    date_hierarchy = "happened_at"

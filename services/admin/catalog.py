"""The catalog in Django admin: for inspection, repair and bulk work. Saves go through the actions."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from core.admin import ActionAdmin, DeletesByAction, ReadOnlyAdmin, ReadOnlyInline
from services import actions
from services.models import (
    AccessItem,
    Agreement,
    ChangeEvent,
    Dependency,
    Service,
    ServiceContact,
    ServiceEnvironment,
    ServiceLink,
)
from teams.actor import Actor, actor_for

_FIELDS = ("name", "kind", "description", "tier", "lifecycle", "labels", "stands_alone")


def _actor(request: HttpRequest) -> Actor:
    return actor_for(request.user, via="admin")  # type: ignore[arg-type]


class LinkInline(ReadOnlyInline):
    """Runbooks and dashboards; edited on the service's page."""

    model = ServiceLink
    fields = readonly_fields = ("kind", "title", "url", "position")


class ContactInline(ReadOnlyInline):
    """Whom to ask; edited on the service's page."""

    model = ServiceContact
    fields = readonly_fields = ("part", "user", "value")


class EnvironmentInline(ReadOnlyInline):
    """Where it runs; edited on the service's page."""

    model = ServiceEnvironment
    fields = readonly_fields = ("environment", "regions", "url")


class AgreementInline(ReadOnlyInline):
    """What was agreed; edited on the service's page."""

    model = Agreement
    fields = readonly_fields = ("name", "party", "target", "period", "zone", "starts_on", "ends_on")


class AccessInline(ReadOnlyInline):
    """What whoever is paged must reach; edited under readiness."""

    model = AccessItem
    fields = readonly_fields = ("text", "url", "position")


class NeedsInline(ReadOnlyInline):
    """What the service needs; edited on its page or under dependencies."""

    model = Dependency
    fk_name = "downstream"
    fields = readonly_fields = ("upstream", "kind", "note", "source")


@admin.register(Service)
class ServiceAdmin(DeletesByAction, ActionAdmin):
    list_display = ("name", "slug", "kind", "team", "tier", "lifecycle", "escalation_policy")
    list_select_related = ("team", "escalation_policy")
    list_filter = ("kind", "tier", "lifecycle", "team")
    search_fields = ("name", "slug", "description")
    autocomplete_fields = ("team", "escalation_policy", "system")
    readonly_fields = ("custom", "external_id", "annotations", "created_at")
    inlines = (LinkInline, NeedsInline, ContactInline, EnvironmentInline, AgreementInline, AccessInline)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.readonly_fields, "slug") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Service, form: Any, change: bool) -> None:
        actor = _actor(request)
        values = {name: getattr(obj, name) for name in _FIELDS}
        values |= {
            "team_id": obj.team_id,
            "escalation_policy_id": obj.escalation_policy_id,
            "system_id": obj.system_id,
        }
        if change:
            actions.update_service(actor=actor, service_id=obj.pk, **values)
        else:
            made = actions.create_service(actor=actor, slug=obj.slug, **values)
            obj.pk, obj.slug = made.pk, made.slug

    def remove(self, request: HttpRequest, obj: Service) -> None:
        actions.delete_service(actor=_actor(request), service_id=obj.pk)


@admin.register(ServiceLink)
class ServiceLinkAdmin(ReadOnlyAdmin):
    list_display = ("title", "kind", "service", "url")
    list_select_related = ("service",)
    list_filter = ("kind",)
    search_fields = ("title", "url", "service__name", "service__slug")

    def view_on_site(self, obj: ServiceLink) -> str:
        return obj.service.get_absolute_url()


@admin.register(Dependency)
class DependencyAdmin(DeletesByAction, ActionAdmin):
    list_display = ("downstream", "upstream", "kind", "source", "note")
    list_select_related = ("downstream", "upstream")
    list_filter = ("kind", "source")
    search_fields = ("downstream__name", "downstream__slug", "upstream__name", "upstream__slug", "note")
    autocomplete_fields = ("downstream", "upstream")

    def view_on_site(self, obj: Dependency) -> str:
        return obj.downstream.get_absolute_url()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("downstream", "upstream", "source") if obj else ("source",)

    def save_model(self, request: HttpRequest, obj: Dependency, form: Any, change: bool) -> None:
        edge, _created = actions.set_dependency(
            actor=_actor(request),
            downstream_id=obj.downstream_id,
            upstream_id=obj.upstream_id,
            kind=obj.kind,
            note=obj.note,
        )
        obj.pk = edge.pk

    def remove(self, request: HttpRequest, obj: Dependency) -> None:
        actions.remove_dependency(
            actor=_actor(request), downstream_id=obj.downstream_id, upstream_id=obj.upstream_id
        )


@admin.register(ChangeEvent)
class ChangeEventAdmin(ActionAdmin):
    """What was changed when is a record: it can be added to, not rewritten."""

    list_display = ("summary", "service", "kind", "source", "happened_at")
    list_select_related = ("service",)
    list_filter = ("kind", "happened_at")
    search_fields = ("summary", "source", "service__name", "service__slug")
    autocomplete_fields = ("service",)
    date_hierarchy = "happened_at"

    def view_on_site(self, obj: ChangeEvent) -> str:
        return obj.service.get_absolute_url()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ChangeEvent, form: Any, change: bool) -> None:
        made = actions.record_change(
            actor=_actor(request),
            service_id=obj.service_id,
            summary=obj.summary,
            kind=obj.kind,
            source=obj.source,
            happened_at=obj.happened_at,
        )
        obj.pk = made.pk

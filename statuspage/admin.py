from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from statuspage.models import Component, Notice, NoticeUpdate, StatusPage, StatusSnapshot


class ReadOnlyAdmin(ModelAdmin):
    """For inspection; publishing happens on the product's own page."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(StatusPage)
class StatusPageAdmin(ReadOnlyAdmin):
    list_display = ("name", "slug", "team", "updated_at")
    list_select_related = ("team",)
    search_fields = ("name", "slug")


@admin.register(Component)
class ComponentAdmin(ReadOnlyAdmin):
    list_display = ("name", "page", "status", "service", "updated_at")
    list_filter = ("status", "page")
    list_select_related = ("page", "service")
    search_fields = ("name",)


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = ("title", "page", "kind", "status", "impact", "started_at")
    list_filter = ("kind", "status", "page")
    list_select_related = ("page",)
    search_fields = ("title",)


@admin.register(NoticeUpdate)
class NoticeUpdateAdmin(ReadOnlyAdmin):
    list_display = ("notice", "status", "author", "created_at")
    list_select_related = ("notice", "author")
    search_fields = ("body",)


@admin.register(StatusSnapshot)
class StatusSnapshotAdmin(ReadOnlyAdmin):
    list_display = ("page", "version", "built_at")
    list_select_related = ("page",)
    exclude = ("files",)

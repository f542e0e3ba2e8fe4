from __future__ import annotations

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from statuspage.models import Component, Notice, NoticeUpdate, StatusPage, StatusSnapshot


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

    def view_on_site(self, obj: Component) -> str:
        return obj.page.get_absolute_url()


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = ("title", "page", "kind", "status", "impact", "started_at")
    list_filter = ("kind", "status", "page")
    list_select_related = ("page",)
    search_fields = ("title",)

    def view_on_site(self, obj: Notice) -> str:
        return obj.page.get_absolute_url()


@admin.register(NoticeUpdate)
class NoticeUpdateAdmin(ReadOnlyAdmin):
    list_display = ("notice", "status", "author", "created_at")
    list_select_related = ("notice", "author")
    search_fields = ("body",)

    def view_on_site(self, obj: NoticeUpdate) -> str:
        return obj.notice.page.get_absolute_url()


@admin.register(StatusSnapshot)
class StatusSnapshotAdmin(ReadOnlyAdmin):
    list_display = ("page", "version", "built_at")
    list_select_related = ("page",)
    search_fields = ("page__name", "page__slug")
    exclude = ("files",)

    def view_on_site(self, obj: StatusSnapshot) -> str:
        return obj.page.get_absolute_url()

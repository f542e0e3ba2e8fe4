"""Status pages in Django admin: for inspection; what changes them goes through actions."""

from __future__ import annotations

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from statuspage.models import (
    Component,
    ComponentGroup,
    ComponentInterval,
    Metric,
    Notice,
    NoticeTemplate,
    NoticeUpdate,
    StatusPage,
    StatusSnapshot,
    UptimeCorrection,
)


@admin.register(StatusPage)
class StatusPageAdmin(ReadOnlyAdmin):
    list_display = ("name", "slug", "team", "access", "domain", "version", "updated_at")
    list_filter = ("access",)
    list_select_related = ("team",)
    search_fields = ("name", "slug", "domain")
    exclude = ("password",)


class _OfPage(ReadOnlyAdmin):
    """What belongs to a page is seen on the page's manage side."""

    list_select_related: tuple[str, ...] = ("page",)

    def view_on_site(self, obj: Component | Notice | StatusSnapshot) -> str:
        return obj.page.get_absolute_url()


@admin.register(ComponentGroup)
class ComponentGroupAdmin(_OfPage):
    list_display = ("name", "page", "folded", "position")
    search_fields = ("name", "page__name")


@admin.register(Component)
class ComponentAdmin(_OfPage):
    list_display = ("name", "page", "group", "status", "follows", "override", "updated_at")
    list_filter = ("status", "follows", "page")
    list_select_related = ("page", "group")
    search_fields = ("name",)


@admin.register(ComponentInterval)
class ComponentIntervalAdmin(ReadOnlyAdmin):
    list_display = ("component", "status", "since", "until")
    list_filter = ("status",)
    list_select_related = ("component__page",)
    search_fields = ("component__name",)
    show_full_result_count = False

    def view_on_site(self, obj: ComponentInterval) -> str:
        return obj.component.page.get_absolute_url()


@admin.register(UptimeCorrection)
class UptimeCorrectionAdmin(ReadOnlyAdmin):
    list_display = ("component", "status", "since", "until", "reason", "author", "created_at")
    list_select_related = ("component__page", "author")
    search_fields = ("component__name", "reason")

    def view_on_site(self, obj: UptimeCorrection) -> str:
        return obj.component.page.get_absolute_url()


@admin.register(Notice)
class NoticeAdmin(_OfPage):
    list_display = ("title", "page", "kind", "state", "status", "impact", "started_at")
    list_filter = ("kind", "state", "status", "page")
    search_fields = ("title",)


@admin.register(NoticeUpdate)
class NoticeUpdateAdmin(ReadOnlyAdmin):
    list_display = ("notice", "state", "status", "author", "created_at")
    list_filter = ("state", "status")
    list_select_related = ("notice__page", "author")
    search_fields = ("body",)

    def view_on_site(self, obj: NoticeUpdate) -> str:
        return obj.notice.page.get_absolute_url()


@admin.register(NoticeTemplate)
class NoticeTemplateAdmin(_OfPage):
    list_display = ("name", "page", "kind", "title")
    search_fields = ("name", "title")


@admin.register(Metric)
class MetricAdmin(_OfPage):
    list_display = ("name", "page", "suffix", "shown")
    search_fields = ("name",)


@admin.register(StatusSnapshot)
class StatusSnapshotAdmin(_OfPage):
    list_display = ("page", "version", "cause", "author", "built_at")
    list_select_related = ("page", "author")
    search_fields = ("page__name", "page__slug", "cause")
    exclude = ("files",)
    show_full_result_count = False

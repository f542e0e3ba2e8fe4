from __future__ import annotations

from django.contrib import admin
from django.urls import reverse

from core.admin import ReadOnlyAdmin
from postmortems.models import ActionItem, ItemReminder, Postmortem, PostmortemSection


@admin.register(Postmortem)
class PostmortemAdmin(ReadOnlyAdmin):
    list_display = ("incident", "status", "owner", "due_at", "published_at")
    list_filter = ("status",)
    list_select_related = ("incident", "owner")
    search_fields = ("incident__title",)


@admin.register(PostmortemSection)
class PostmortemSectionAdmin(ReadOnlyAdmin):
    list_display = ("postmortem", "key", "version", "author", "updated_at")
    list_filter = ("key",)
    list_select_related = ("postmortem__incident", "author")
    search_fields = ("text", "postmortem__incident__title")

    def view_on_site(self, obj: PostmortemSection) -> str:
        return obj.postmortem.get_absolute_url()


@admin.register(ActionItem)
class ActionItemAdmin(ReadOnlyAdmin):
    list_display = ("title", "status", "owner", "due_on", "incident")
    list_filter = ("status", "item_class", "team")
    list_select_related = ("owner", "incident")
    search_fields = ("title",)

    def view_on_site(self, obj: ActionItem) -> str:
        return reverse("postmortems:item", args=[obj.pk])


@admin.register(ItemReminder)
class ItemReminderAdmin(ReadOnlyAdmin):
    list_display = ("item", "kind", "due_on", "sent_at")
    list_filter = ("kind",)
    list_select_related = ("item",)
    search_fields = ("item__title",)

    def view_on_site(self, obj: ItemReminder) -> str:
        return reverse("postmortems:item", args=[obj.item_id])

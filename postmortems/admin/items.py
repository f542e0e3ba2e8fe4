from __future__ import annotations

from django.contrib import admin
from django.urls import reverse

from core.admin import ReadOnlyAdmin
from postmortems.models import ActionItem, ItemNote, ItemReminder, ItemTicket, LeadDigest


@admin.register(ActionItem)
class ActionItemAdmin(ReadOnlyAdmin):
    list_display = ("title", "status", "item_class", "priority", "owner", "due_on", "incident")
    list_filter = ("status", "item_class", "priority", "team")
    list_select_related = ("owner", "incident")
    search_fields = ("title",)

    def view_on_site(self, obj: ActionItem) -> str:
        return reverse("postmortems:item", args=[obj.pk])


@admin.register(ItemReminder)
class ItemReminderAdmin(ReadOnlyAdmin):
    list_display = ("item", "kind", "due_on", "sent_at", "sent_to")
    list_filter = ("kind",)
    list_select_related = ("item", "sent_to")
    search_fields = ("item__title",)

    def view_on_site(self, obj: ItemReminder) -> str:
        return reverse("postmortems:item", args=[obj.item_id])


@admin.register(ItemNote)
class ItemNoteAdmin(ReadOnlyAdmin):
    list_display = ("item", "author_label", "by_hand", "created_at")
    list_filter = ("by_hand",)
    list_select_related = ("item",)
    search_fields = ("text", "item__title")

    def view_on_site(self, obj: ItemNote) -> str:
        return reverse("postmortems:item", args=[obj.item_id])


@admin.register(LeadDigest)
class LeadDigestAdmin(ReadOnlyAdmin):
    list_display = ("user", "week", "items", "sent_at")
    list_select_related = ("user",)
    search_fields = ("user__name", "user__email")

    def view_on_site(self, obj: LeadDigest) -> str:
        return f"{reverse('postmortems:items')}?view=teams"


@admin.register(ItemTicket)
class ItemTicketAdmin(ReadOnlyAdmin):
    list_display = ("item", "connection", "number", "remote_state", "push_due_at", "attempts", "problem")
    list_filter = ("remote_state", "connection")
    list_select_related = ("item", "connection")
    search_fields = ("item__title", "number")
    exclude = ("pushed",)

    def view_on_site(self, obj: ItemTicket) -> str:
        return reverse("postmortems:item", args=[obj.item_id])

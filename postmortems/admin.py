from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.admin import ReadOnlyAdmin
from postmortems.models import (
    ActionItem,
    ItemNote,
    ItemReminder,
    ItemTicket,
    LeadDigest,
    Postmortem,
    PostmortemSection,
)


@admin.register(Postmortem)
class PostmortemAdmin(ReadOnlyAdmin):
    list_display = ("incident", "status", "owner", "due_at", "published_at")
    list_filter = ("status",)
    list_select_related = ("incident", "owner")
    search_fields = ("incident__title",)


@admin.register(PostmortemSection)
class PostmortemSectionAdmin(ReadOnlyAdmin):
    list_display = ("postmortem", "key", "version", "shown_author", "updated_at")
    exclude = ("author",)
    list_filter = ("key",)
    list_select_related = ("postmortem__incident", "author")
    search_fields = ("text", "postmortem__incident__title")

    @admin.display(description=_("author"))
    def shown_author(self, obj: PostmortemSection) -> str:
        """Nobody reads a name that is not to be shown, staff neither."""
        return "" if obj.author_hidden or obj.author is None else str(obj.author)

    def view_on_site(self, obj: PostmortemSection) -> str:
        return obj.postmortem.get_absolute_url()


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

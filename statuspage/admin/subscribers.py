"""Subscribers in Django admin: for inspection, without addresses and secrets."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse

from core.admin import ReadOnlyAdmin
from statuspage.models import Announcement, Subscriber, SubscriberMessage


@admin.register(Subscriber)
class SubscriberAdmin(ReadOnlyAdmin):
    list_display = (
        "public_id",
        "page",
        "kind",
        "state",
        "language",
        "failures",
        "created_at",
        "last_sent_at",
    )
    list_filter = ("kind", "state", "page")
    list_select_related = ("page",)
    search_fields = ("public_id",)
    exclude = ("address", "address_digest", "secret", "contact")

    def view_on_site(self, obj: Subscriber) -> str:
        return reverse("statuspage:subscribers", args=[obj.page.slug])


@admin.register(Announcement)
class AnnouncementAdmin(ReadOnlyAdmin):
    list_display = ("page", "kind", "notice", "component", "queued", "created_at", "done_at")
    list_filter = ("kind", "page")
    list_select_related = ("page", "notice", "component")
    search_fields = ("notice__title",)

    def view_on_site(self, obj: Announcement) -> str:
        return reverse("statuspage:subscribers", args=[obj.page.slug])


@admin.register(SubscriberMessage)
class SubscriberMessageAdmin(ReadOnlyAdmin):
    list_display = ("subscriber", "announcement", "state", "attempts", "next_at", "created_at", "sent_at")
    list_filter = ("state", "subscriber__kind")
    list_select_related = ("subscriber", "announcement")
    search_fields = ("subscriber__public_id",)
    exclude = ("lease_token",)

    def view_on_site(self, obj: SubscriberMessage) -> str:
        return reverse("statuspage:subscribers", args=[obj.subscriber.page.slug])

"""The engine room in Django admin: the event outbox, its dead letters, live topics."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from core import relay
from core.models import EventReceipt, IdempotentRequest, LiveEntry, LiveTopic, OutboxEvent


class ReadOnlyAdmin(ModelAdmin):
    """Shown, never changed by hand."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(OutboxEvent)
class OutboxEventAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "stream", "status", "attempts", "created_at", "next_attempt_at")
    list_filter = ("status", "kind")
    search_fields = ("stream", "kind", "last_error")
    actions = ("retry",)

    @admin.action(description="Run dead letters again")
    def retry(self, request: HttpRequest, queryset: QuerySet[OutboxEvent]) -> None:
        """Put the chosen dead letters back in line."""
        dead = list(queryset.filter(status=OutboxEvent.Status.DEAD)[:500])
        for event in dead:
            relay.retry(event)
        messages.success(request, f"{len(dead)} put back in line.")


@admin.register(EventReceipt)
class EventReceiptAdmin(ReadOnlyAdmin):
    list_display = ("event", "subscriber")
    list_select_related = ("event",)
    search_fields = ("subscriber",)


@admin.register(LiveTopic)
class LiveTopicAdmin(ReadOnlyAdmin):
    list_display = ("name", "seq")
    search_fields = ("name",)


@admin.register(LiveEntry)
class LiveEntryAdmin(ReadOnlyAdmin):
    list_display = ("topic_id", "seq", "event", "created_at")
    search_fields = ("topic__name", "event")


@admin.register(IdempotentRequest)
class IdempotentRequestAdmin(ReadOnlyAdmin):
    list_display = ("owner", "key", "status", "created_at")
    search_fields = ("owner", "key")

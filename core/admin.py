"""What every room's Django admin is built of, and the engine room: the event outbox, its dead letters,
live topics."""

from __future__ import annotations

from typing import Any, Protocol

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet, URLField
from django.http import HttpRequest, HttpResponseRedirect
from unfold.admin import ModelAdmin, TabularInline

from core import relay
from core.errors import DomainError
from core.models import EventReceipt, IdempotentRequest, LiveEntry, LiveTopic, OutboxEvent


class ActionAdmin(ModelAdmin):
    """Saves and deletes through actions: what they refuse becomes a message on the same page."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """An address typed without scheme means https."""
        if isinstance(db_field, URLField):
            options["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **options)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except DomainError as error:
            return _refused(request, error)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().delete_view(request, *args, **kwargs)
        except DomainError as error:
            return _refused(request, error)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().changelist_view(request, *args, **kwargs)
        except DomainError as error:
            return _refused(request, error)


def _refused(request: HttpRequest, error: DomainError) -> HttpResponseRedirect:
    messages.error(request, error.sentence)
    return HttpResponseRedirect(request.get_full_path())


class Removing(Protocol):
    """An admin that knows the action by which its rows go."""

    def remove(self, request: HttpRequest, obj: Any) -> None: ...


class DeletesByAction:
    """For an `ActionAdmin` that is `Removing`: one row or a selection, all of it or, refused, nothing."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes along with a row is for its action to say, whatever those rows' own pages allow."""
        found, counts, _needed, protected = super().get_deleted_objects(objs, request)  # type: ignore[misc]
        return found, counts, set(), protected

    def delete_model(self: Removing, request: HttpRequest, obj: Any) -> None:
        self.remove(request, obj)

    def delete_queryset(self: Removing, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            for row in queryset:
                self.remove(request, row)


class ReadOnlyInline(TabularInline):
    """Rows that belong to the one shown; they are changed on its page of the product."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(ActionAdmin):
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

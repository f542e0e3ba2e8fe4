"""Inspection and repair in Django admin; secrets, codes and payloads stay out of sight."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core import clock
from core.admin import ReadOnlyInline
from core.errors import DomainError
from notifications.actions.deliveries import retry_delivery
from notifications.models import (
    CapturedMail,
    ContactMethod,
    Delivery,
    DeliveryAttempt,
    DeliveryLimits,
    NotificationRule,
    ProviderAccount,
    ProviderEvent,
    QuietHours,
    WebhookSubscription,
)
from teams.admin import ReadOnlyAdmin, acting


@admin.register(ContactMethod)
class ContactMethodAdmin(ReadOnlyAdmin):
    list_display = ("user", "channel", "address", "label", "verified_at", "disabled_at", "last_failure")
    list_filter = (
        "channel",
        ("verified_at", admin.EmptyFieldListFilter),
        ("disabled_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("user",)
    search_fields = ("user__name", "user__email", "address", "label")
    exclude = ("secret", "code_digest", "code_expires_at", "code_tries")


@admin.register(NotificationRule)
class NotificationRuleAdmin(ReadOnlyAdmin):
    list_display = ("user", "urgency", "delay_minutes", "method")
    list_filter = ("urgency", "method__channel")
    list_select_related = ("user", "method")
    search_fields = ("user__name", "user__email", "method__address")


class AttemptInline(ReadOnlyInline):
    model = DeliveryAttempt
    fields = readonly_fields = ("number", "started_at", "ended_at", "outcome", "detail")


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "category",
        "channel",
        "user",
        "title",
        "status",
        "attempts",
        "due_at",
        "finished_at",
    )
    list_filter = ("status", "category", "channel", "urgency", "created_at")
    list_select_related = ("user",)
    search_fields = ("key", "title", "subject_key", "address", "user__name", "user__email")
    date_hierarchy = "created_at"
    show_full_result_count = False
    exclude = ("payload", "lease_token")
    inlines = (AttemptInline,)
    actions = ("retry",)

    def view_on_site(self, obj: Delivery) -> str:
        return reverse("notifications:delivery", args=[obj.pk])

    @admin.action(description=_("Send failed ones again"))
    def retry(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Each by the same action as everywhere; those that did not fail are left as they are."""
        done = 0
        for pk in queryset.values_list("pk", flat=True)[:500]:
            try:
                retry_delivery(actor=acting(request), delivery_id=pk, now=clock.now())
                done += 1
            except DomainError as error:
                messages.warning(request, f"#{pk}: {error.sentence}")
        messages.success(
            request, ngettext("%d is being sent again.", "%d are being sent again.", done) % done
        )


@admin.register(DeliveryAttempt)
class DeliveryAttemptAdmin(ReadOnlyAdmin):
    list_display = ("delivery", "number", "started_at", "ended_at", "outcome", "detail")
    list_filter = ("outcome", "started_at")
    list_select_related = ("delivery",)
    search_fields = ("delivery__key", "detail")
    show_full_result_count = False

    def view_on_site(self, obj: DeliveryAttempt) -> str:
        return reverse("notifications:delivery", args=[obj.delivery_id])


@admin.register(WebhookSubscription)
class WebhookSubscriptionAdmin(ReadOnlyAdmin):
    list_display = ("name", "team", "url", "active", "created_by", "created_at")
    list_filter = ("active", "team")
    list_select_related = ("team", "created_by")
    search_fields = ("name", "url")
    fields = ("name", "team", "url", "events", "active", "created_by", "created_at")

    def view_on_site(self, obj: WebhookSubscription) -> str:
        return reverse("notifications:webhook", args=[obj.pk])


@admin.register(CapturedMail)
class CapturedMailAdmin(ReadOnlyAdmin):
    list_display = ("recipient", "subject", "created_at")
    search_fields = ("recipient", "subject")
    fields = readonly_fields = ("recipient", "subject", "text", "headers", "created_at")

    def view_on_site(self, obj: CapturedMail) -> str:
        return reverse("notifications:mail", args=[obj.pk])


@admin.register(QuietHours)
class QuietHoursAdmin(ReadOnlyAdmin):
    list_display = ("user", "starts", "ends")
    list_select_related = ("user",)
    search_fields = ("user__name", "user__email")


@admin.register(DeliveryLimits)
class DeliveryLimitsAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "singles", "window_seconds", "hold_seconds", "expire_minutes", "updated_at")
    fields = ("singles", "window_seconds", "hold_seconds", "expire_minutes", "updated_at")
    search_fields = ("id",)

    def view_on_site(self, obj: DeliveryLimits) -> str:
        return reverse("notifications:limits")


@admin.register(ProviderAccount)
class ProviderAccountAdmin(ReadOnlyAdmin):
    list_display = ("provider", "enabled", "failure", "checked_at", "updated_by", "updated_at")
    list_select_related = ("updated_by",)
    search_fields = ("provider", "failure")
    fields = ("provider", "enabled", "failure", "checked_at", "updated_by", "updated_at")

    def view_on_site(self, obj: ProviderAccount) -> str:
        return reverse("notifications:channels")


@admin.register(ProviderEvent)
class ProviderEventAdmin(ReadOnlyAdmin):
    list_display = ("provider", "kind", "delivery", "detail", "received_at")
    list_filter = ("provider", "kind", "received_at")
    list_select_related = ("delivery",)
    search_fields = ("key", "detail")
    show_full_result_count = False

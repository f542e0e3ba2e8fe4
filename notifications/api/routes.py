from __future__ import annotations

from django.urls import path
from rest_framework.routers import BaseRouter

from notifications.api.providers import ProviderViewSet
from notifications.api.quiet import LimitsView, QuietHoursView
from notifications.api.views import ContactMethodViewSet, DeliveryViewSet, RuleViewSet, WebhookViewSet

extra_urls = [
    path(
        "users/me/quiet-hours/",
        QuietHoursView.as_view({"get": "retrieve", "put": "update", "delete": "destroy"}),
        name="quiet-hours",
    ),
    path(
        "delivery-limits/", LimitsView.as_view({"get": "retrieve", "put": "update"}), name="delivery-limits"
    ),
]


def register(router: BaseRouter) -> None:
    """Add this room's addresses below /api/v1/."""
    router.register("contact-methods", ContactMethodViewSet, "contact-method")
    router.register("notification-rules", RuleViewSet, "notification-rule")
    router.register("deliveries", DeliveryViewSet, "delivery")
    router.register("webhooks", WebhookViewSet, "webhook")
    router.register("channel-providers", ProviderViewSet, "channel-provider")

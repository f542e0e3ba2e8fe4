from __future__ import annotations

from rest_framework.routers import BaseRouter

from notifications.api.views import ContactMethodViewSet, DeliveryViewSet, RuleViewSet, WebhookViewSet


def register(router: BaseRouter) -> None:
    """Add this room's addresses below /api/v1/."""
    router.register("contact-methods", ContactMethodViewSet, "contact-method")
    router.register("notification-rules", RuleViewSet, "notification-rule")
    router.register("deliveries", DeliveryViewSet, "delivery")
    router.register("webhooks", WebhookViewSet, "webhook")

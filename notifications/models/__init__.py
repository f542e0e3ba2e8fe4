from notifications.models.contact import ContactMethod, NotificationRule
from notifications.models.delivery import Delivery, DeliveryAttempt
from notifications.models.outbox_mail import CapturedMail
from notifications.models.provider import DeliveryLimits, ProviderAccount, ProviderEvent, QuietHours
from notifications.models.webhook import WebhookSubscription

__all__ = [
    "CapturedMail",
    "ContactMethod",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryLimits",
    "NotificationRule",
    "ProviderAccount",
    "ProviderEvent",
    "QuietHours",
    "WebhookSubscription",
]

from django.db import models
from django.utils.translation import gettext_lazy as _


class Urgency(models.TextChoices):
    HIGH = "high", _("High")
    LOW = "low", _("Low")


class Channel(models.TextChoices):
    """One folder each under `notifications/transports/`."""

    EMAIL = "email", _("E-mail")
    PUSH = "push", _("Push notification")
    SMS = "sms", _("Text message")
    VOICE = "voice", _("Phone call")
    SLACK = "slack", _("Slack")
    APPRISE = "apprise", _("Other service")
    BROWSER = "browser", _("This browser")
    WEBHOOK = "webhook", _("Webhook")
    CONSOLE = "console", _("Server log")


class Category(models.TextChoices):
    """What a delivery is for; pages outrank everything else."""

    PAGE = "page", _("Page")
    UPDATE = "update", _("Update")
    REMINDER = "reminder", _("Reminder")
    ACCOUNT = "account", _("Account")
    TEST = "test", _("Test")
    EVENT = "event", _("Outgoing webhook")


class DeliveryStatus(models.TextChoices):
    PENDING = "pending", _("Waiting")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Failed")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    BUNDLED = "bundled", _("In a bundle")


class Priority(models.IntegerChoices):
    """What is due goes out in this order: the first page of a service outranks everything."""

    FIRST_PAGE = 0, _("First page of a service")
    PAGE = 1, _("Page")
    MESSAGE = 2, _("Message")
    EVENT = 3, _("Outgoing webhook")


class Outcome(models.TextChoices):
    """How one call of a transport ended."""

    UNKNOWN = "unknown", _("Unknown")
    ACCEPTED = "accepted", _("Accepted")
    RETRY = "retry", _("Will be tried again")
    REFUSED = "refused", _("Refused")
    SKIPPED = "skipped", _("Not sent")


OPEN_STATUSES = (DeliveryStatus.PENDING, DeliveryStatus.SENDING)

# Channels that wake somebody whose phone lies beside the bed, whatever the state of its network or browser.
LOUD_CHANNELS = (Channel.SMS, Channel.VOICE)


class Provider(models.TextChoices):
    """Services behind channels that need settings of the installation."""

    TWILIO = "twilio", _("Twilio")
    SLACK = "slack", _("Slack")
    PUSH = "push", _("Web Push")

"""`{% load deliveries %}`: states of deliveries and attempts as chips, channels as icons."""

from __future__ import annotations

from django import template
from django.template import Context
from django.utils.safestring import SafeString

from core.templatetags._controls import chip
from notifications.choices import Channel, DeliveryStatus, Outcome
from notifications.models import Delivery, DeliveryAttempt
from notifications.selectors import title_for

register = template.Library()

_STATES: dict[str, tuple[str, str]] = {
    DeliveryStatus.PENDING: ("outline", "clock"),
    DeliveryStatus.SENDING: ("info", "send"),
    DeliveryStatus.SENT: ("ok", "check"),
    DeliveryStatus.DELIVERED: ("ok", "check-check"),
    DeliveryStatus.FAILED: ("danger", "circle-x"),
    DeliveryStatus.WITHDRAWN: ("quiet", "undo-2"),
    DeliveryStatus.BUNDLED: ("quiet", "layers"),
}
_OUTCOMES: dict[str, tuple[str, str]] = {
    Outcome.UNKNOWN: ("warn", "circle-help"),
    Outcome.ACCEPTED: ("ok", "check"),
    Outcome.RETRY: ("warn", "repeat"),
    Outcome.REFUSED: ("danger", "circle-x"),
    Outcome.SKIPPED: ("quiet", "circle-slash"),
}
_ICONS: dict[str, str] = {
    Channel.EMAIL: "mail",
    Channel.PUSH: "smartphone",
    Channel.SMS: "message-square-text",
    Channel.VOICE: "phone-call",
    Channel.SLACK: "hash",
    Channel.APPRISE: "puzzle",
    Channel.BROWSER: "monitor",
    Channel.WEBHOOK: "webhook",
    Channel.CONSOLE: "terminal",
}


@register.simple_tag
def delivery_state(row: Delivery) -> SafeString:
    """The state as word, icon and colour."""
    tone, icon_name = _STATES[row.status]
    return chip(row.get_status_display(), tone, icon_name)


@register.simple_tag(takes_context=True)
def delivery_title(context: Context, row: Delivery) -> str:
    """What the signed-in person may read of it."""
    return title_for(row, context["request"].actor)


@register.simple_tag
def attempt_outcome(attempt: DeliveryAttempt) -> SafeString:
    """How the attempt ended, as word, icon and colour."""
    tone, icon_name = _OUTCOMES[attempt.outcome]
    return chip(attempt.get_outcome_display(), tone, icon_name)


@register.filter
def channel_icon(channel: str) -> str:
    """The icon's name."""
    return _ICONS.get(channel, "send")

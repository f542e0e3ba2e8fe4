"""What a person should know about each channel: what its address is, and what it cannot do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from notifications.choices import Channel, Provider
from notifications.providers import all_settings


@dataclass(frozen=True)
class Kind:
    """A channel as it is offered. `provider`: what an admin must set up first, "" for nothing."""

    channel: Channel
    address: str | Promise
    help: str | Promise
    limits: str | Promise
    provider: str = ""


KINDS: dict[str, Kind] = {
    kind.channel: kind
    for kind in (
        Kind(
            Channel.EMAIL,
            _("Mail address"),
            _("An address you read, such as your private one."),
            _("Mail wakes nobody and may arrive minutes late."),
        ),
        Kind(
            Channel.SMS,
            _("Telephone number"),
            _("With + and the country code, such as +49 151 23456789."),
            _("No network guarantees that a text message arrives or when, and each one costs."),
            Provider.TWILIO,
        ),
        Kind(
            Channel.VOICE,
            _("Telephone number"),
            _("With + and the country code. Let your phone ring for this caller even when it is silent."),
            _("A mailbox that picks up counts as answered; each call costs by the minute."),
            Provider.TWILIO,
        ),
        Kind(
            Channel.SLACK,
            _("Slack member ID"),
            _("In Slack: your profile, the three dots, “Copy member ID”. It begins with U or W."),
            _("Slack follows its own quiet hours and does not pass a phone's silent mode."),
            Provider.SLACK,
        ),
        Kind(
            Channel.APPRISE,
            _("Apprise URL"),
            _("Such as tgram://token/chat or ntfys://topic. Kept sealed and not shown again."),
            _("Sent once accepted by the service; whether it reached you is not known here."),
        ),
        Kind(
            Channel.WEBHOOK,
            _("Address"),
            _("The https:// address of your own receiver; calls are signed."),
            _("Whatever receives it must wake you by itself."),
        ),
        Kind(
            Channel.PUSH,
            "",
            _("Switched on in the browser or phone that is to be reached."),
            _("Needs HTTPS; on iPhones the app must be on the home screen; does not pass silent mode."),
        ),
        Kind(Channel.BROWSER, "", "", _("Reaches open tabs alone.")),
        Kind(Channel.CONSOLE, "", "", _("Read by those who run the server.")),
    )
}
# What can be added by typing an address, in the order offered.
TYPED = (Channel.EMAIL, Channel.SMS, Channel.VOICE, Channel.SLACK, Channel.APPRISE, Channel.WEBHOOK)


def ready() -> frozenset[str]:
    """The channels that can be used in this installation. One statement."""
    return ready_of(all_settings())


def ready_of(settings: dict[str, dict[str, Any]]) -> frozenset[str]:
    """The same for settings that are known already, by provider."""
    found = {channel for channel, kind in KINDS.items() if not kind.provider or kind.provider in settings}
    if not settings.get(Provider.TWILIO, {}).get("from_number"):
        found.discard(Channel.VOICE)
    return frozenset(found)


def provider_of(channel: str, address: str = "") -> str:
    """Who carries it: what one failing says about another method."""
    kind = KINDS.get(channel)
    if kind is not None and kind.provider:
        return kind.provider
    return f"{channel}:{address}" if channel in (Channel.WEBHOOK, Channel.APPRISE) else channel

"""The channels, one folder each."""

from __future__ import annotations

from notifications.choices import Channel
from notifications.transports.apprise import AppriseTransport
from notifications.transports.base import Outgoing, Receipt, Transport, TransportError
from notifications.transports.browser import BrowserTransport
from notifications.transports.console import ConsoleTransport
from notifications.transports.email import EmailTransport
from notifications.transports.push import PushTransport
from notifications.transports.slack import SlackTransport
from notifications.transports.sms import SmsTransport
from notifications.transports.voice import VoiceTransport
from notifications.transports.webhook import WebhookTransport

__all__ = ["Outgoing", "Receipt", "Transport", "TransportError", "register", "transport_of"]

_transports: dict[str, Transport] = {
    Channel.EMAIL: EmailTransport(),
    Channel.SMS: SmsTransport(),
    Channel.VOICE: VoiceTransport(),
    Channel.SLACK: SlackTransport(),
    Channel.APPRISE: AppriseTransport(),
    Channel.BROWSER: BrowserTransport(),
    Channel.PUSH: PushTransport(),
    Channel.WEBHOOK: WebhookTransport(),
    Channel.CONSOLE: ConsoleTransport(),
}


def transport_of(channel: str) -> Transport:
    """The transport of a channel."""
    return _transports[channel]


def register(channel: str, transport: Transport) -> Transport:
    """Put another transport in place; returns the one it takes the place of."""
    before = _transports[channel]
    _transports[channel] = transport
    return before

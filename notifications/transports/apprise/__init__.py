"""Any service Apprise knows and the catalog takes: chat, push and text message services."""

from __future__ import annotations

import logging

from django.utils import translation
from django.utils.translation import gettext as _

from core.text import clean, one_line
from notifications.transports.apprise import catalog
from notifications.transports.base import Outgoing, Receipt, TransportError

# The library writes addresses and answers to its log; both hold tokens.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
logging.getLogger("apprise").propagate = False

_LISTED = 10


class AppriseTransport:
    """The services say little: a failure is tried again until the page expires or goes another way."""

    def remote(self) -> bool:
        return True

    def provider(self, outgoing: Outgoing) -> str:
        return outgoing.address or "apprise"

    def send(self, outgoing: Outgoing, *, limit: float) -> Receipt:
        from notifications.transports.apprise.guard import guarded, raise_if_refused

        if not outgoing.secret or (reason := catalog.problem(outgoing.secret)):
            raise TransportError(
                reason if outgoing.secret else "The URL cannot be read; add it again.", permanent=True
            )
        plugin = catalog.plugin_of(outgoing.secret)
        assert plugin is not None
        plugin.socket_connect_timeout = plugin.socket_read_timeout = limit
        # A pause between two calls of a plugin would eat the time of this one.
        plugin.request_rate_per_sec = 0
        title, body = text_of(outgoing)
        with guarded() as reasons:
            try:
                taken = bool(plugin.notify(title=title, body=body))
            except Exception as error:  # noqa: BLE001 - foreign code, whose words may hold a token
                raise TransportError(f"{outgoing.address}: {type(error).__name__}.") from None
        raise_if_refused(reasons)
        if not taken:
            raise TransportError(f"{outgoing.address} did not take it.")
        return Receipt()


def text_of(outgoing: Outgoing) -> tuple[str, str]:
    """Title and plain text in the recipient's language, with the link that acknowledges."""
    with translation.override(outgoing.language):
        if outgoing.code:
            return _("Watchbill"), _("Your code: %(code)s") % {"code": outgoing.code}
        word = ""
        if outgoing.category == "page":
            word = _("Urgent page: ") if outgoing.urgency == "high" else _("Low urgency page: ")
        parts = [clean(outgoing.body, 1000)] if outgoing.body and not outgoing.lines else []
        parts += [f"- {one_line(line.title, 150)}" for line in outgoing.lines[:_LISTED]]
        if outgoing.acknowledge_url:
            parts.append(_("Acknowledge: %(url)s") % {"url": outgoing.acknowledge_url})
        if outgoing.url:
            parts.append(_("Open: %(url)s") % {"url": outgoing.url})
        return one_line(f"{word}{outgoing.title}", 250), "\n".join(parts) or outgoing.title

"""The server log, for machines without any other channel."""

from __future__ import annotations

import structlog

from notifications.transports.base import Outgoing, Receipt

log = structlog.get_logger("watchbill.page")


class ConsoleTransport:
    def remote(self) -> bool:
        return False

    def provider(self, outgoing: Outgoing) -> str:
        return "console"

    def send(self, outgoing: Outgoing, *, limit: float) -> Receipt:
        """One log line; never holds a code."""
        log.warning(
            "message",
            category=outgoing.category,
            person=outgoing.name,
            title=outgoing.title,
            url=outgoing.url,
            delivery=outgoing.delivery_id,
            pages=[line.title for line in outgoing.lines],
        )
        return Receipt()

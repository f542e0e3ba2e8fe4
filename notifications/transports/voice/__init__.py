"""Phone calls by Twilio: read aloud, answered with a key."""

from __future__ import annotations

from notifications import links
from notifications.transports.base import Outgoing, Receipt, TransportError
from notifications.transports.twilio import client

RING_SECONDS = 30


class VoiceTransport:
    """Accepted means that Twilio will call; whether somebody picks up is reported later."""

    def remote(self) -> bool:
        return True

    def provider(self, outgoing: Outgoing) -> str:
        return client.provider(outgoing)

    def send(self, outgoing: Outgoing, *, limit: float) -> Receipt:
        if outgoing.settings and not outgoing.settings.get("from_number"):
            raise TransportError("Twilio has no number to call from.", unavailable=True)
        form: dict[str, str | list[str]] = {
            "To": outgoing.address,
            "From": outgoing.settings.get("from_number", ""),
            "Url": links.absolute(links.twilio_voice_path(outgoing.delivery_id)),
            "Method": "POST",
            "StatusCallbackMethod": "POST",
            "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
            "Timeout": str(RING_SECONDS),
        }
        return client.create(outgoing, "Calls", form, limit)

"""Open tabs of the person: a toast with a sound, through the live topic `me`."""

from __future__ import annotations

from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation

from core import clock
from core.live.publishing import publish_entry
from notifications.transports.base import Outgoing, Receipt, TransportError

EVENT = "page"


class BrowserTransport:
    """Counts as sent once stored: a tab that is closed now finds the page on Now."""

    def remote(self) -> bool:
        return False

    def provider(self, outgoing: Outgoing) -> str:
        return "browser"

    def send(self, outgoing: Outgoing, *, limit: float) -> Receipt:
        if outgoing.user_id is None:
            raise TransportError("The person was deleted.", permanent=True)
        topic = f"user:{outgoing.user_id}"
        with translation.override(outgoing.language):
            html = render_to_string("notifications/partials/page_toast.html", {"page": outgoing})
        data = {
            "title": outgoing.title,
            "url": outgoing.url_path,
            "urgency": outgoing.urgency,
            "delivery": outgoing.delivery_id,
            "category": outgoing.category,
        }
        with transaction.atomic():
            message = publish_entry(
                topic=topic,
                event=EVENT if outgoing.category in ("page", "test") else "message",
                data=data,
                html=html,
                scope={"user": outgoing.user_id},
                now=clock.now(),
            )
        return Receipt(provider_id=f"{topic}#{message.seq}")

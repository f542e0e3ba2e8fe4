"""Text messages by Twilio, answered with a digit."""

from __future__ import annotations

from django.utils import translation
from django.utils.translation import gettext as _

from notifications.transports.base import Outgoing, Receipt
from notifications.transports.sms.segments import fitted
from notifications.transports.twilio import client


class SmsTransport:
    """Accepted means that Twilio has it; that it arrived is reported later."""

    def remote(self) -> bool:
        return True

    def provider(self, outgoing: Outgoing) -> str:
        return client.provider(outgoing)

    def send(self, outgoing: Outgoing, *, limit: float) -> Receipt:
        form: dict[str, str | list[str]] = {"To": outgoing.address, "Body": text_of(outgoing)}
        if service := outgoing.settings.get("messaging_service_sid"):
            form["MessagingServiceSid"] = service
        else:
            form["From"] = outgoing.settings.get("from_number", "")
        return client.create(outgoing, "Messages", form, limit)


def text_of(outgoing: Outgoing) -> str:
    """The text in the recipient's language, at most three messages long."""
    with translation.override(outgoing.language):
        if outgoing.code:
            return fitted(
                _("Watchbill code: %(code)s. Nobody from Watchbill will ask you for it.")
                % {"code": outgoing.code},
                "",
            )
        if outgoing.category != "page":
            return fitted(f"Watchbill: {outgoing.title}", outgoing.url)
        word = _("URGENT") if outgoing.urgency == "high" else _("Low urgency")
        tail = [outgoing.url] if outgoing.lines else [how_to_answer(outgoing.reply_code), outgoing.url]
        return fitted(f"{word}: {outgoing.title}", "\n".join(part for part in tail if part))


def how_to_answer(code: int | None) -> str:
    """The line about answering; `code` when several pages wait at the number."""
    if code is None:
        return _("Reply 4 to acknowledge, 6 to resolve, 8 can't take it")
    words = {"code": f"{code:02}"}
    return _("Reply 4 %(code)s to acknowledge, 6 %(code)s to resolve, 8 %(code)s can't take it") % words

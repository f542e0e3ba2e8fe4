"""What a call says, in TwiML. Every word is escaped. https://www.twilio.com/docs/voice/twiml"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from django.utils.translation import gettext as _

from core.text import one_line
from notifications import links
from notifications.transports.base import Outgoing

TURNS = 3
WAIT_SECONDS = 8
_SPOKEN = {"en": "en-US", "de": "de-DE", "fr": "fr-FR", "es": "es-ES", "it": "it-IT", "pt": "pt-PT"}
_EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response>{}</Response>'


def response(*parts: str) -> str:
    """A whole TwiML document of parts made here."""
    return _EMPTY.format("".join(parts))


def message(text: str) -> str:
    """The answer to a text message; empty text answers nothing."""
    return response(f"<Message>{escape(text)}</Message>") if text else response()


def say(text: str, language: str) -> str:
    """Spoken words."""
    spoken = _SPOKEN.get(language, language)
    return f"<Say language={quoteattr(spoken)}>{escape(one_line(text, 600))}</Say>"


def goodbye(text: str, language: str) -> str:
    """Say it and hang up."""
    return response(say(text, language), "<Hangup/>")


def code(outgoing: Outgoing) -> str:
    """A verification code digit by digit, twice."""
    digits = ". ".join(outgoing.code) + "."
    words = _("This is Watchbill. Your code is: %(digits)s") % {"digits": digits}
    again = _("Once more: %(digits)s") % {"digits": digits}
    pause = '<Pause length="1"/>'
    return response(say(words, outgoing.language), pause, say(again, outgoing.language), "<Hangup/>")


def page(outgoing: Outgoing, turn: int, state: str = "") -> str:
    """What it is about and which key does what; said three times at most. `state`: nothing is open."""
    language = outgoing.language
    intro = (
        _("This is Watchbill. Urgent page") if outgoing.urgency == "high" else _("This is Watchbill. Page")
    )
    about = _("%(intro)s for %(name)s: %(title)s.") % {
        "intro": intro,
        "name": outgoing.name,
        "title": outgoing.title.rstrip("."),
    }
    if state or not outgoing.subject_key:
        return goodbye(f"{about} {state or _('Open Watchbill to see more.')}", language)
    if turn > TURNS:
        return goodbye(
            _("No key was pressed. Open Watchbill or the message in your mail to answer."), language
        )
    keys = _("Press 4 to acknowledge, 6 to resolve, 8 if you cannot take it.")
    action = quoteattr(links.absolute(links.twilio_digit_path(outgoing.delivery_id, turn)))
    again = escape(links.absolute(links.twilio_voice_path(outgoing.delivery_id, turn + 1)))
    return response(
        f'<Gather input="dtmf" numDigits="1" timeout="{WAIT_SECONDS}" method="POST" action={action}>',
        say(f"{about} {keys}", language),
        f'</Gather><Redirect method="POST">{again}</Redirect>',
    )

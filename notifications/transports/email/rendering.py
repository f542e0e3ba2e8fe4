"""The words of a mail, as text and as HTML, in the recipient's language and time zone."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from core.text import one_line
from notifications.links import absolute
from notifications.transports.base import Outgoing

_SUBJECT_LIMIT = 200


@dataclass(frozen=True)
class Rendered:
    """A mail ready to send. `subject` is one line."""

    subject: str
    text: str
    html: str


def render(outgoing: Outgoing) -> Rendered:
    """Render the mail; untrusted text is escaped in HTML and cannot break out of the subject."""
    with translation.override(outgoing.language), timezone.override(zoneinfo.ZoneInfo(outgoing.zone)):
        stop = outgoing.payload.get("stop", "")
        context = {
            "mail": outgoing,
            "settings_url": absolute("/settings/notifications/"),
            "stop_url": absolute(stop) if stop else "",
        }
        text = render_to_string("notifications/emails/message.txt", context)
        html = render_to_string("notifications/emails/message.html", context)
        subject = one_line(_subject(outgoing), _SUBJECT_LIMIT)
    return Rendered(subject=subject, text=_squeezed(text), html=html)


def _subject(outgoing: Outgoing) -> str:
    if outgoing.category == "page" and not outgoing.lines:
        return _("Page: %(title)s") % {"title": outgoing.title}
    if outgoing.category == "test":
        return _("Test: %(title)s") % {"title": outgoing.title}
    return outgoing.title


def _squeezed(text: str) -> str:
    """Without the blank lines that template tags leave behind."""
    lines = [line.rstrip() for line in text.strip().splitlines()]
    kept = [line for index, line in enumerate(lines) if line or lines[index - 1]]
    return "\n".join(kept) + "\n"

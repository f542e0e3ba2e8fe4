"""Mail to subscribers, as text and as HTML, in their language and the page's time zone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from core.crypto import unseal
from core.text import one_line
from statuspage.building.html import shell
from statuspage.building.load import public_base
from statuspage.choices import SubscriberKind, SubscriberState
from statuspage.fanout.bounces import return_path
from statuspage.fanout.news import News, spoken, words
from statuspage.models import SubscriberMessage
from statuspage.subscribers import links

_SUBJECT = 200


@dataclass(frozen=True)
class Letter:
    """A mail ready to send. `to` is "" when the address cannot be read any more. `return_path`: where failures are
    reported to, "" for the usual sender."""

    to: str
    subject: str
    text: str
    html: str
    headers: dict[str, str] = field(default_factory=dict)
    return_path: str = ""


def about(message: SubscriberMessage, news: News) -> Letter:
    """An update or a reminder of a notice."""
    page, subscriber = news.page, message.subscriber
    language = spoken(page, subscriber)
    with translation.override(language), timezone.override(page.zone):
        told = words(news, language)
        stop, manage = links.unsubscribe_url(page, subscriber), links.manage_url(page, subscriber)
        context = {"told": told, "stop_url": stop, "manage_url": manage, "subscriber": subscriber}
        subject = one_line(f"[{page.name}] {told.headline}", _SUBJECT)
        headers = {**_headers(message), **_list_headers(page.slug, stop)}
        if news.notice is not None:
            # One conversation for each notice, whatever the subjects say.
            thread = f"<notice.{news.notice.public_id}@{_host()}>"
            headers |= {"References": thread, "In-Reply-To": thread}
        return _letter(
            "update",
            unseal(subscriber.address),
            subject,
            headers,
            page,
            language,
            context,
            return_path(message),
        )


def question(message: SubscriberMessage) -> Letter:
    """Whether they want it; who is subscribed already gets the way to their choices instead."""
    subscriber = message.subscriber
    page, language = subscriber.page, spoken(subscriber.page, subscriber)
    to = subscriber.address if subscriber.kind == SubscriberKind.EMAIL else subscriber.contact
    with translation.override(language):
        if subscriber.state == SubscriberState.ACTIVE:
            name, subject = "known", _("Your subscription to %(page)s") % {"page": page.name}
            context: dict[str, Any] = {"manage_url": links.manage_url(page, subscriber)}
        else:
            name, subject = "confirm", _("Please confirm: updates of %(page)s") % {"page": page.name}
            context = {"confirm_url": links.confirm_url(page, subscriber)}
        hook = unseal(subscriber.address) if subscriber.kind == SubscriberKind.WEBHOOK else ""
        context |= {"hook": hook, "notice": subscriber.notice}
        headers = _headers(message)
        return _letter(
            name,
            unseal(to),
            one_line(subject, _SUBJECT),
            headers,
            page,
            language,
            context,
            return_path(message),
        )


def _letter(
    name: str,
    to: str,
    subject: str,
    headers: dict[str, str],
    page: Any,
    language: str,
    context: Any,
    back_to: str,
) -> Letter:
    context = {**shell(page, language, public_base(page)), "subject": subject, **context}
    text = render_to_string(f"statuspage/emails/{name}.txt", context)
    html = render_to_string(f"statuspage/emails/{name}.html", context)
    return Letter(to, subject, _squeezed(text), html, headers, back_to)


def _headers(message: SubscriberMessage) -> dict[str, str]:
    """Message-ID is the same for every attempt."""
    return {
        "Message-ID": f"<{message.key.hex}@{_host()}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Precedence": "bulk",
    }


def _list_headers(slug: str, stop: str) -> dict[str, str]:
    """RFC 2919 and RFC 8058: the mail program unsubscribes with one click of its own button."""
    return {
        "List-Id": f"<{slug}.status.{_host()}>",
        "List-Unsubscribe": f"<{stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _host() -> str:
    return urlsplit(settings.BASE_URL).hostname or "watchbill.invalid"


def _squeezed(text: str) -> str:
    """Without the blank lines that template tags leave behind."""
    lines = [line.rstrip() for line in text.strip().splitlines()]
    kept = [line for index, line in enumerate(lines) if line or lines[index - 1]]
    return "\n".join(kept) + "\n"

"""Atom (RFC 4287), RSS 2.0 and JSON of the page's history: one entry a notice, with all its updates in it."""

from __future__ import annotations

import datetime as dt
import re
from xml.sax.saxutils import escape, quoteattr

import orjson
from django.utils.html import urlize

from statuspage.building.load import Loaded
from statuspage.building.shapes import notice_body, page_body, stamp
from statuspage.models import Notice

_NEWEST = 50
# What XML 1.0 does not allow even as a reference.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def atom(loaded: Loaded) -> bytes:
    base = loaded.base
    entries = "".join(
        f"<entry><id>{_text(base)}incidents/{notice.public_id}/</id><title>{_text(notice.title)}</title>"
        f"<link href={quoteattr(f'{base}incidents/{notice.public_id}/')}/>"
        f"<published>{stamp(notice.started_at)}</published><updated>{stamp(notice.updated_at)}</updated>"
        f'<content type="html">{_text(_words(notice))}</content></entry>'
        for notice in loaded.notices[:_NEWEST]
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<feed xmlns="http://www.w3.org/2005/Atom"><id>{_text(base)}</id>'
        f"<title>{_text(loaded.page.name)}</title><updated>{stamp(loaded.page.updated_at)}</updated>"
        f"<author><name>{_text(loaded.page.name)}</name></author>"
        f'<link rel="self" href={quoteattr(f"{base}history.atom")}/><link href={quoteattr(base)}/>'
        f"{entries}</feed>"
    ).encode()


def rss(loaded: Loaded) -> bytes:
    base = loaded.base
    items = "".join(
        f"<item><title>{_text(notice.title)}</title><link>{_text(base)}incidents/{notice.public_id}/</link>"
        f'<guid isPermaLink="false">{notice.public_id}</guid><pubDate>{_rfc822(notice.started_at)}</pubDate>'
        f"<description>{_text(_words(notice))}</description></item>"
        for notice in loaded.notices[:_NEWEST]
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
        f"<title>{_text(loaded.page.name)}</title><link>{_text(base)}</link>"
        f"<description>{_text(loaded.page.description or loaded.page.name)}</description>"
        f"<lastBuildDate>{_rfc822(loaded.page.updated_at)}</lastBuildDate>"
        f'<atom:link rel="self" type="application/rss+xml" href={quoteattr(f"{base}history.rss")}/>'
        f"{items}</channel></rss>"
    ).encode()


def history(loaded: Loaded) -> bytes:
    """The newest notices by month, for scripts."""
    months: dict[str, list[dict[str, object]]] = {}
    for notice in loaded.notices[:_NEWEST]:
        month = notice.started_at.astimezone(loaded.zone).strftime("%Y-%m")
        months.setdefault(month, []).append(notice_body(notice, loaded))
    rows = [{"month": month, "incidents": found} for month, found in months.items()]
    return orjson.dumps({"page": page_body(loaded), "months": rows})


def _words(notice: Notice) -> str:
    return "".join(
        f"<p><strong>{escape(str(update.get_status_display()))}</strong> {stamp(update.created_at)}"
        f"<br>{_body(update.body)}</p>"
        for update in notice.updates.all()
    )


def _body(text: str) -> str:
    return urlize(text, nofollow=True, autoescape=True).replace("\n", "<br>")


def _rfc822(at: dt.datetime) -> str:
    utc = at.astimezone(dt.UTC)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[utc.weekday()]
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[
        utc.month - 1
    ]
    return f"{day}, {utc:%d} {month} {utc:%Y %H:%M:%S} +0000"


def _text(text: str) -> str:
    return escape(_FORBIDDEN.sub("", text))

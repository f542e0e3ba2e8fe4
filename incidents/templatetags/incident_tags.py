"""Tags of incident pages: what an entry says, its row, and the whole timeline."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from django import template
from django.utils.html import escape, linebreaks, urlize
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core.templatetags._controls import chip
from core.templatetags._html import format_html, format_html_join, joined
from core.templatetags._markup import icon
from core.templatetags._timeline import (
    NOTHING,
    timeline_day,
    timeline_fold,
    timeline_gap,
    timeline_hour,
    timeline_row,
)
from incidents.actions.notes import WRITABLE
from incidents.models import TimelineEntry
from incidents.sentences import sentence
from incidents.timeline import Day, Fold, Gap, Hour, Item, Row
from incidents.versions import differences

register = template.Library()
_ADDRESS = re.compile(r"://|www\.|@", re.IGNORECASE)
_UNITS = ("B", "KB", "MB")


@register.simple_tag
def entry_html(entry: TimelineEntry) -> SafeString:
    """Headline and text of an entry, escaped; web addresses in the text become links."""
    headline = sentence(entry)
    shown = format_html('<span class="tl-row__headline">{}</span>', headline) if headline else NOTHING
    if not entry.text or entry.redacted_at is not None:
        return shown
    return format_html("{}{}{}", shown, _prose(entry.text), _parts(entry))


def _prose(text: str) -> SafeString:
    """Paragraphs; urlize and linebreaks escape the text themselves."""
    linked = urlize(text, nofollow=True, autoescape=True) if _ADDRESS.search(text) else escape(text)
    return mark_safe(linebreaks(linked))  # noqa: S308


def _parts(entry: TimelineEntry) -> SafeString:
    """What a decision says beside its choice."""
    if entry.kind != "decision" or not entry.data:
        return NOTHING
    data = entry.data
    named = [
        (_("Question"), data.get("question")),
        (_("Decided by"), data.get("who")),
        (_("Because"), data.get("why")),
        (_("Not taken"), "; ".join(data.get("alternatives") or [])),
    ]
    pairs = [(label, value) for label, value in named if value]
    if not pairs:
        return NOTHING
    rows = format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", pairs)
    return format_html('<dl class="tl-parts">{}</dl>', rows)


def _files(entry: TimelineEntry, base: str) -> SafeString:
    """Pictures as pictures, logs by their first lines."""
    files = entry.data.get("files") if entry.kind == "evidence" and entry.data else None
    if not files:
        return NOTHING
    return format_html('<div class="tl-files">{}</div>', joined(_file(each, base) for each in files))


def _file(file: dict[str, Any], base: str) -> SafeString:
    url = f"{base}files/{int(file['id'])}/"
    if file["kind"] == "image":
        return format_html(
            '<a class="tl-image" href="{}"><img src="{}" alt="{}" width="{}" height="{}" loading="lazy"></a>',
            url,
            url,
            file["name"],
            file["width"],
            file["height"],
        )
    return format_html(
        '<details class="tl-log"><summary>{}{} <span class="muted">{}</span></summary><pre>{}</pre>'
        '<a class="link" href="{}?plain=1">{}</a> · <a class="link" href="{}" download>{}</a></details>',
        icon("file-text"),
        file["name"],
        file_size(file["size"]),
        file.get("head", ""),
        url,
        _("Read all of it"),
        url,
        _("Download"),
    )


@register.filter
def file_size(size: int) -> str:
    """340 B, 12 KB, 3.4 MB."""
    value, unit = float(size), 0
    while value >= 1024 and unit < 2:
        value, unit = value / 1024, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit == 2 and value < 10 else f"{value:.0f} {_UNITS[unit]}"


@register.simple_tag
def entry_row(
    entry: TimelineEntry, number: int, severity: int | None = None, viewer: Any = None
) -> SafeString:
    """A row. With `viewer` (an object with `may_change(entry)`) links to change it are shown to whom may; without,
    for everybody alike, they wait hidden for the page to know its own person."""
    base = f"/incidents/{number}/"
    return timeline_row(
        entry,
        star_url=f"{base}timeline/{entry.seq}/star/",
        severity=severity,
        html=entry_html(entry),
        below=_files(entry, base),
        links=_links(entry, base, viewer),
    )


def _links(entry: TimelineEntry, base: str, viewer: Any) -> SafeString:
    more: SafeString = NOTHING
    if entry.edited_at is not None and entry.redacted_at is None:
        more = _small(f"{base}timeline/{entry.seq}/revisions/", "history", _("What it said before"))
    if entry.kind not in WRITABLE or entry.redacted_at is not None:
        return more + _add(base, entry.happened_at)
    hidden = "" if viewer is not None and viewer.may_change(entry) else " hidden"
    edit = _edit_of(base, get_language()).replace("{seq}", str(entry.seq), 1)
    edit = edit.replace("{mark}", f' data-author="{entry.author_id or 0}"{hidden}', 1)
    return more + mark_safe(edit) + _add(base, entry.happened_at)  # noqa: S308 - numbers in markup made here


def _small(url: str, icon_name: str, label: str, mark: str = "") -> SafeString:
    return format_html(
        '<a class="tl-link" href="{}" title="{}" aria-label="{}"{}>{}</a>',
        url,
        label,
        label,
        mark,
        icon(icon_name, size=14),
    )


@lru_cache(maxsize=512)
def _edit_of(base: str, _language: str | None) -> str:
    """The link to change an entry, the same on every row but for `{seq}` and `{mark}`."""
    return str(_small(f"{base}timeline/{{seq}}/edit/", "pencil", _("Change"), "{mark}"))


def _add(base: str, at: Any) -> SafeString:
    """ "+": write something that happened then."""
    moment = quote(at.isoformat())
    return mark_safe(_add_of(base, get_language()).replace("{at}", moment))  # noqa: S308 - a time, quoted


@lru_cache(maxsize=512)
def _add_of(base: str, _language: str | None) -> str:
    """The link of `_add`, the same on every row but for `{at}`."""
    url, label = f"{base}note/?happened_at={{at}}", _("Add something at this time")
    shown = format_html(
        '<a class="tl-add" href="{}" hx-get="{}" hx-target="#modal" hx-swap="innerHTML" title="{}" aria-label="{}">'
        "{}</a>",
        url,
        url,
        label,
        label,
        icon("plus", size=14),
    )
    return str(shown)


@register.simple_tag
def timeline_rows(items: list[Item], number: int, viewer: Any = None) -> SafeString:
    """All that `incidents.timeline.laid_out` gives, as list items."""
    return joined(_item(item, number, viewer) for item in items)


def _item(item: Item, number: int, viewer: Any) -> SafeString:
    match item:
        case Day(at):
            return timeline_day(at)
        case Hour(at):
            return timeline_hour(at)
        case Gap(length, since, severity):
            minutes = int(length.total_seconds() // 60)
            return timeline_gap(minutes, severity, _add(f"/incidents/{number}/", since + length / 2))
        case Fold(rows):
            inside = joined(_item(row, number, viewer) for row in rows)
            return timeline_fold(inside, len(rows), severity=rows[0].severity)
        case Row(entry, severity):
            return entry_row(entry, number, severity, viewer)


@register.simple_tag
def word_diff(old: str, new: str) -> SafeString:
    """What was taken away and added, as `<del>` and `<ins>`."""
    tags = {"same": "{}", "gone": "<del>{}</del>", "new": "<ins>{}</ins>"}
    return joined(format_html(tags[piece.change], piece.text) for piece in differences(old, new))


@register.filter
def headline(entry: TimelineEntry) -> str:
    """The entry in one line of plain text."""
    return sentence(entry) or entry.text[:200]


@register.simple_tag
def cause_chip(state: str, label: str) -> SafeString:
    """The state of a suspected cause: word, icon and colour."""
    tone, icon_name = {
        "suspected": ("outline", "lightbulb"),
        "testing": ("info", "test-tube"),
        "ruled_out": ("dashed", "x"),
        "confirmed": ("violet", "target"),
    }.get(state, ("outline", "circle"))
    return chip(label, tone=tone, icon_name=icon_name)

"""Tags of incident pages: what an entry says, and links inside it."""

from __future__ import annotations

from django import template
from django.utils.html import format_html, linebreaks, urlize
from django.utils.safestring import SafeString, mark_safe

from incidents.models import TimelineEntry
from incidents.sentences import sentence

register = template.Library()


@register.simple_tag
def entry_html(entry: TimelineEntry) -> SafeString:
    """Headline and text of an entry, escaped; web addresses in the text become links."""
    headline = sentence(entry)
    shown = format_html('<span class="tl-row__headline">{}</span>', headline) if headline else mark_safe("")
    if not entry.text or entry.redacted_at is not None:
        return shown
    # urlize escapes the text itself.
    text = mark_safe(linebreaks(urlize(entry.text, nofollow=True, autoescape=True)))  # noqa: S308
    return format_html("{}{}", shown, text)


@register.filter
def headline(entry: TimelineEntry) -> str:
    """The entry in one line of plain text."""
    return sentence(entry) or entry.text[:200]


@register.filter
def star_url(incident: object, entry: TimelineEntry) -> str:
    """Where the star of an entry is switched."""
    number = getattr(incident, "number", 0)
    return f"/incidents/{number}/timeline/{entry.seq}/star/"


@register.filter
def last_seq(entries: list[TimelineEntry]) -> int:
    """The smallest sequence number of a page of entries, newest first."""
    return entries[-1].seq if entries else 0

"""The timeline: one function a row, because a page has many of them."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from core import display
from core.templatetags._controls import chip, person, severity_class
from core.templatetags._html import format_html
from core.templatetags._markup import icon, key_of, name_of
from core.templatetags._time import when, words
from core.templatetags._vocabulary import KINDS, Look, plain_word

LATE_AFTER = timedelta(minutes=5)
NOTHING = mark_safe("")


def _value(entry: Any, name: str, default: Any = None) -> Any:
    return entry.get(name, default) if isinstance(entry, dict) else getattr(entry, name, default)


def look_of(kind: str) -> Look:
    """Word, icon and tone of a kind of entry."""
    return KINDS.get(kind) or Look(plain_word(kind), "circle", "plain")


@lru_cache(maxsize=256)
def _kind(kind: str, language: str | None) -> tuple[SafeString, SafeString, str]:
    """Icon, word and tone of a kind; `language` is part of the key."""
    look = look_of(kind)
    return (
        format_html('<span class="tl-row__icon">{}</span>', icon(look.icon, label=str(look.label))),
        format_html("<span>{}</span>", look.label),
        look.tone,
    )


@lru_cache(maxsize=64)
def _mark(word: str, tone: str, icon_name: str) -> SafeString:
    return chip(word, tone=tone, icon_name=icon_name)


@lru_cache(maxsize=512)
def _person(key: object, name: str) -> SafeString:
    """The same few people stand on most rows."""
    return person({"id": key, "name": name}, size="sm")


def timeline_row(
    entry: Any,
    star_url: str = "",
    severity: int | None = None,
    html: str = "",
    below: str = "",
    links: str = "",
) -> SafeString:
    """A row of the timeline from an object or dict: seq, kind, author, text, happened_at, happened_until, written_at,
    starred, audience, source, evidence_link, edited_at. `html` (safe) replaces the text, `below` (safe) follows it,
    `links` (safe) stand beside the star; `severity` colours the leading edge."""
    icon_html, word, tone = _kind(_value(entry, "kind", "note"), get_language())
    author = _value(entry, "author")
    text = html or _value(entry, "text", "")
    seq = _value(entry, "seq", "")
    return format_html(
        '<li class="tl-row tl-{}{}" id="entry-{}" data-seq="{}" data-row>{}<div class="tl-row__body">'
        '<div class="tl-row__meta">{}{}{}</div>{}{}</div><div class="tl-row__side">{}{}{}</div></li>',
        tone,
        f" {severity_class(severity)}" if severity is not None else "",
        seq,
        seq,
        icon_html,
        _person(key_of(author), name_of(author)) if author else NOTHING,
        word,
        _marks(entry),
        format_html('<div class="tl-row__text">{}</div>', text) if text else NOTHING,
        below,
        links,
        _moments(entry),
        _star(star_url, bool(_value(entry, "starred", False))),
    )


def _marks(entry: Any) -> SafeString:
    """Late, edited, evidence, audience and automatic, as chips."""
    happened, written = _value(entry, "happened_at"), _value(entry, "written_at")
    marks = []
    if happened and written and written - happened > LATE_AFTER:
        title = _("Written %(time)s") % {"time": display.day_time_text(timezone.localtime(written))}
        marks.append(chip(_("added late"), tone="quiet", icon_name="history", title=title))
    if _value(entry, "edited_at"):
        marks.append(_mark(_("edited"), "quiet", "pencil"))
    link = _value(entry, "evidence_link") or _value(entry, "evidence_url")
    if link:
        marks.append(chip(_("evidence"), tone="quiet", icon_name="paperclip", url=link))
    audience = _value(entry, "audience")
    if audience == "public":
        marks.append(_mark(_("public"), "accent", "globe"))
    elif audience == "support":
        marks.append(_mark(_("support"), "quiet", "headset"))
    if _value(entry, "source") == "rule":
        marks.append(_mark(_("automatic"), "quiet", "bot"))
    return mark_safe("".join(marks))


def _moments(entry: Any) -> SafeString:
    begin, end = _value(entry, "happened_at"), _value(entry, "happened_until")
    shown = when(begin, "time", css="tl-row__time")
    if end is None:
        return shown
    return format_html(
        '<span class="tl-row__span">{}–{}</span>', shown, when(end, "time", css="tl-row__time")
    )


def _star(url: str, starred: bool) -> SafeString:
    if url:
        return format_html(
            '<button type="button" class="star" aria-pressed="{}" aria-label="{}" hx-post="{}" '
            'hx-target="closest .tl-row" hx-swap="outerHTML">{}</button>',
            "true" if starred else "false",
            _("Star"),
            url,
            icon("star"),
        )
    if starred:
        return format_html('<span class="tone-warn">{}</span>', icon("star", label=_("Starred")))
    return NOTHING


def timeline_day(at: datetime) -> SafeString:
    """The sticky head of a day, in the viewer's zone."""
    local = timezone.localtime(at)
    return format_html(
        '<li class="tl-day" data-day="{}">{} {}</li>',
        local.date().isoformat(),
        display.weekday_text(local),
        local.year,
    )


def timeline_hour(at: datetime) -> SafeString:
    """The sticky head of an hour, in the viewer's zone."""
    local = timezone.localtime(at).replace(minute=0, second=0)
    return format_html('<li class="tl-hour">{}</li>', display.time_text(local))


def timeline_gap(minutes: int, severity: int | None = None, extra: str = "") -> SafeString:
    """A marker such as "18 min without entry"; `extra` (safe) stands in it."""
    return format_html(
        '<li class="tl-gap{}"><span>{}</span>{}</li>',
        f" {severity_class(severity)}" if severity is not None else "",
        _("%(length)s without entry") % {"length": words(timedelta(minutes=minutes))},
        extra,
    )


def timeline_fold(content: str, count: int, label: str = "", severity: int | None = None) -> SafeString:
    """Rows folded behind "6 automatic events"."""
    return format_html(
        '<li><details class="tl-fold{}"><summary>{}{}</summary><ol class="timeline">{}</ol></details></li>',
        f" {severity_class(severity)}" if severity is not None else "",
        icon("chevron-right", size=14),
        label
        or ngettext("%(count)d automatic event", "%(count)d automatic events", count) % {"count": count},
        content,
    )

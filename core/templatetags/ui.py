"""`{% load ui %}`: every template component. `/ui/` shows them in every state."""

from typing import Any

from django import template
from django.middleware.csrf import get_token
from django.template import Context

from core.templatetags import _controls, _forms, _pages, _time, _timeline
from core.templatetags._markup import hue_of, icon, initials_of, key_of
from core.templatetags._vocabulary import TONE_ICONS

register = template.Library()

for tag in (
    icon,
    _controls.button,
    _controls.link_button,
    _controls.icon_button,
    _controls.severity,
    _controls.severity_class,
    _controls.status,
    _controls.condition,
    _controls.chip,
    _controls.badge,
    _controls.kbd,
    _controls.menu_item,
    _controls.avatar,
    _controls.person,
    _controls.team,
    _controls.person_stack,
    _time.when,
    _time.clock,
    _time.countdown,
    _timeline.timeline_row,
    _timeline.timeline_day,
    _timeline.timeline_hour,
    _timeline.timeline_gap,
):
    register.simple_tag(tag)

register.simple_tag(_pages.query_with, takes_context=True)
register.simple_tag(_pages.cursor_url, takes_context=True)

for block in (
    _pages.card,
    _pages.section_head,
    _pages.page_head,
    _pages.table,
    _pages.dialog,
    _pages.menu,
    _pages.callout,
    _pages.empty_state,
    _pages.kv_row,
    _pages.code,
    _timeline.timeline_fold,
):
    register.simple_block_tag(block)


def _inclusion(name: str, function: Any, takes_context: bool = False) -> None:
    register.inclusion_tag(f"{_pages.COMPONENTS}{name}.html", takes_context=takes_context)(function)


_inclusion("field", _forms.field)
_inclusion("form_errors", _forms.form_errors)
_inclusion("severity_picker", _forms.severity_picker)
_inclusion("filter_group", _pages.filter_group, takes_context=True)
_inclusion("filter_clear", _pages.filter_clear, takes_context=True)
_inclusion("sort_header", _pages.sort_header, takes_context=True)


@register.simple_block_tag(takes_context=True)
def ack(context: Context, content: str, url: str, **options: Any) -> str:
    """See `_pages.ack`; the form inside carries the request's CSRF token."""
    request = context.get("request")
    return _pages.ack(content, url, token=get_token(request) if request is not None else "", **options)


@register.inclusion_tag("core/components/pager.html")
def pager(previous_url: str = "", next_url: str = "", label: str = "") -> dict[str, Any]:
    """Keyset pages: earlier and later links and a text such as "50 of about 1,200"."""
    return {"previous_url": previous_url, "next_url": next_url, "label": label}


@register.inclusion_tag("core/components/tabs.html")
def tabs(items: list[dict[str, Any]], label: str = "") -> dict[str, Any]:
    """Links as tabs: each {label, url, active, count?, icon?}."""
    return {"items": items, "label": label}


@register.inclusion_tag("core/components/stat.html")
def stat(label: str, value: object, hint: str = "", url: str = "", tone: str = "") -> dict[str, Any]:
    """One number with its name; tones "", ok, warn, danger."""
    return {"label": label, "value": value, "hint": hint, "url": url, "tone": tone}


@register.inclusion_tag("core/components/progress.html")
def progress(value: float | None, maximum: float = 100, label: str = "", tone: str = "") -> dict[str, Any]:
    """A progress bar; value None means under way without a known end."""
    return {"value": value, "maximum": maximum, "label": label, "tone": tone}


@register.inclusion_tag("core/components/skeleton.html")
def skeleton(rows: int = 3) -> dict[str, Any]:
    """Grey bars that appear only when loading takes longer than 300 ms."""
    return {"rows": range(rows)}


@register.inclusion_tag("core/components/copy.html")
def copy(
    value: str = "", label: str = "", source: str = "", size: str = "sm", icon_only: bool = False
) -> dict[str, Any]:
    """A copy button for a value, or for the text of the element with id `source`."""
    return {"value": value, "label": label, "source": source, "size": size, "icon_only": icon_only}


@register.inclusion_tag("core/components/secret.html")
def secret_once(label: str, value: str, note: str = "") -> dict[str, Any]:
    """A key that is shown this one time."""
    return {"label": label, "value": value, "note": note}


@register.inclusion_tag("core/components/toast.html")
def toast(text: str, tone: str = "info", undo_url: str = "") -> dict[str, Any]:
    """A short message at the corner; levels of django.contrib.messages are understood as tones."""
    tones = {"success": "ok", "warning": "warn", "error": "danger", "debug": "info", "": "info"}
    known = tones.get(tone, tone)
    return {"text": text, "tone": known, "icon_name": TONE_ICONS[known], "undo_url": undo_url}


@register.inclusion_tag("core/components/live_dot.html")
def live(topics: str = "", state: str = "off", shown: bool = True, since: str = "") -> dict[str, Any]:
    """Subscribes to topics ("incident:42:17 feed") and shows the LIVE dot; `state` is for the components page."""
    return {"topics": topics, "state": state, "shown": shown, "since": since}


@register.inclusion_tag("core/components/sound.html")
def sound(feed_events: str = "update_sent public_notice") -> dict[str, Any]:
    """The sound switch with a test of both sounds."""
    return {"feed_events": feed_events}


register.filter(_time.clock_time)
register.filter(_time.day_time)


@register.filter
def duration(value: Any) -> str:
    """A timedelta or seconds in words: `47 min`."""
    return _time.words(value)


@register.filter
def hue(subject: Any) -> int:
    """The muted colour (0–11) of a person or team; use as class `hue-N`."""
    return hue_of(key_of(subject))


@register.filter
def initials(name: Any) -> str:
    return initials_of(str(name))

"""Small helpers that build safe markup for the template components."""

import zlib
from functools import lru_cache
from typing import Any

from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe

from core.templatetags._html import conditional_escape, format_html

HUES = 12


@lru_cache(maxsize=1024)
def icon(name: str, size: int = 16, label: str = "", css: str = "") -> SafeString:
    """A Lucide icon of the sprite; `label` makes it speak, otherwise it is decoration. Sizes 14, 16, 20, 24."""
    classes = " ".join(part for part in ("icon", f"icon-{size}" if size != 16 else "", css) if part)
    href = f"{static('icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="{}" viewBox="0 0 24 24" role="img" aria-label="{}"><use href="{}"/></svg>',
            classes,
            label,
            href,
        )
    return format_html(
        '<svg class="{}" viewBox="0 0 24 24" aria-hidden="true"><use href="{}"/></svg>', classes, href
    )


def attributes(values: dict[str, Any]) -> SafeString:
    """Keyword arguments as HTML attributes: `hx_post` becomes `hx-post`, True stands alone, None and False vanish."""
    parts = []
    for name, value in values.items():
        if value is None or value is False or value == "":
            continue
        key = conditional_escape(name.rstrip("_").replace("_", "-"))
        parts.append(f" {key}" if value is True else f' {key}="{conditional_escape(value)}"')
    return mark_safe("".join(parts))


def hue_of(key: object) -> int:
    """One of twelve muted colours, stable for an id."""
    return zlib.crc32(str(key).encode()) % HUES


def name_of(subject: object) -> str:
    """The shown name of a person or team: `name`, else the full name, else its text."""
    if isinstance(subject, dict):
        return str(subject.get("name", ""))
    name = getattr(subject, "name", "")
    if name:
        return str(name)
    full_name = getattr(subject, "get_full_name", None)
    return str((full_name() if callable(full_name) else "") or subject)


def key_of(subject: object) -> object:
    if isinstance(subject, dict):
        return subject.get("id", subject.get("name"))
    return getattr(subject, "pk", None) or getattr(subject, "id", None) or name_of(subject)


def initials_of(name: str) -> str:
    """At most two letters: first and last word, or the first two letters of a single word."""
    words = [word for word in name.replace("@", " ").replace(".", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    if len(words) == 1:
        return words[0][:2].upper()
    return (words[0][0] + words[-1][0]).upper()

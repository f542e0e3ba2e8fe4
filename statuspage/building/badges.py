"""Badges: small pictures for readmes and footers."""

from __future__ import annotations

from xml.sax.saxutils import escape

from statuspage.building.load import Loaded
from statuspage.choices import ComponentStatus
from statuspage.models import Component
from statuspage.statuses import RANK

# By rank, white words on them are readable (4.5 to 1).
_COLOURS = ("#1d7a48", "#2563a8", "#8a5a00", "#b04413", "#b3203c")
# Widths of Verdana 11 px, a little generous: narrow, wide, all others.
_NARROW, _WIDE = set("iIljtfr.,:;'|! "), set("mMwWQOGD%@")


def overall(loaded: Loaded) -> bytes:
    """The page's headline."""
    _indicator, description = loaded.indicator
    return badge("status", description, loaded.rank)


def component(row: Component) -> bytes:
    """One component."""
    return badge(row.name[:60], str(row.get_status_display()).lower(), RANK[ComponentStatus(row.status)])


def badge(label: str, words: str, rank: int) -> bytes:
    """Two fields beside each other, 20 px high."""
    left, right = _width(label) + 16, _width(words) + 16
    told = escape(f"{label}: {words}", {'"': "&quot;"})
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{told}">'
        f"<title>{told}</title>"
        f'<rect width="{left + right}" height="20" rx="4" fill="#31363f"/>'
        f'<path d="M{left} 0h{right - 4}a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4h-{right - 4}z" fill="{_COLOURS[rank]}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f'<text x="8" y="14">{escape(label)}</text><text x="{left + 8}" y="14">{escape(words)}</text></g></svg>'
    ).encode()


def _width(text: str) -> int:
    return round(sum(4.2 if letter in _NARROW else 10.2 if letter in _WIDE else 7.2 for letter in text))

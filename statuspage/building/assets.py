"""Style sheet, script and logo of a page. Names carry a hash of the content, so that they may be kept for ever."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from statuspage.building.load import Loaded
from statuspage.models import StatusPage

_FOLDER = Path(__file__).resolve().parent.parent / "assets"
# What words stand on in `page.css`, the one that is hardest to read on: `--ground` in light, `--surface` in dark.
_LIGHT, _DARK = (246, 247, 248), (27, 32, 38)
_LOGO_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


def files(loaded: Loaded) -> dict[str, bytes]:
    """Name below `assets/` → content."""
    found = {style_name(loaded.page): _style(loaded.page), script_name(): _read("page.js")}
    if loaded.logo:
        found[logo_name(loaded)] = bytes(loaded.logo.content)
    return found


def style_name(page: StatusPage) -> str:
    return f"page.{_short(_style(page))}.css"


def script_name() -> str:
    return f"page.{_short(_read('page.js'))}.js"


def logo_name(loaded: Loaded) -> str:
    """ "" without a logo."""
    if loaded.logo is None:
        return ""
    ending = _LOGO_ENDINGS.get(loaded.logo.content_type, "png")
    return f"logo.{_short(bytes(loaded.logo.content))}.{ending}"


def widget_script(loaded: Loaded) -> bytes:
    """What a customer's own site includes to show the page's state."""
    return _read("widget.js").replace(b"__BASE__", loaded.base.encode())


def _style(page: StatusPage) -> bytes:
    """The one style sheet, and the page's accent as a token after it."""
    style = _read("page.css")
    if page.accent:
        light, dark = readable(page.accent)
        style += f":root{{--accent:light-dark({light},{dark})}}\n".encode()
    return style


def readable(colour: str) -> tuple[str, str]:
    """The accent for light and for dark ground: darkened or lightened until its words can be read (4.5 to 1)."""
    return _until(colour, _LIGHT, (0, 0, 0)), _until(colour, _DARK, (255, 255, 255))


def _until(colour: str, ground: tuple[int, ...], towards: tuple[int, ...]) -> str:
    own = tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))
    for step in range(21):
        mixed = tuple(round(a + (b - a) * step / 20) for a, b in zip(own, towards, strict=True))
        if _contrast(mixed, ground) >= 4.7:
            break
    return "#" + "".join(f"{value:02x}" for value in mixed)


def _contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Contrast ratio of WCAG 2.2, 1 to 21."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: tuple[int, ...]) -> float:
    parts = [value / 255 for value in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@functools.cache
def _read(name: str) -> bytes:
    return (_FOLDER / name).read_bytes()


def _short(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:10]

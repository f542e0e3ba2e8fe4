"""What a template of a notice may name."""

from __future__ import annotations


def filled(text: str, *, components: str, page: str) -> str:
    """The text with `{{ components }}` and `{{ page }}` replaced; nothing else is understood."""
    for name, value in (("components", components), ("page", page)):
        text = text.replace(f"{{{{ {name} }}}}", value)
    return text

"""Markdown of people as safe HTML: the part every room shares.

No raw HTML, only http(s) and mailto links; pictures become their words unless a room says how it serves them. A room
that knows more (mentions, steps to tick) adds rules to a parser of its own and cleans what comes out here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape
from typing import Any

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

TAGS = frozenset(
    (
        *(
            "p",
            "br",
            "strong",
            "em",
            "code",
            "pre",
            "ul",
            "ol",
            "li",
            "blockquote",
            "h3",
            "h4",
            "h5",
            "a",
            "hr",
        ),
        *("del", "table", "thead", "tbody", "tr", "th", "td", "span"),
    )
)
_ATTRIBUTES: Mapping[str, Collection[str]] = {"a": ("href",), "ol": ("start",)}
_SCHEMES = {"http", "https", "mailto"}
_FIRST_HEADING, _LAST_HEADING = 3, 5


def new_parser() -> MarkdownIt:
    """CommonMark with tables and strikethrough, headings from h3 on, and no pictures."""
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False})
    parser.enable("table").enable("strikethrough")
    parser.core.ruler.push("headings", _headings)
    parser.add_render_rule("image", _words_of_image)
    return parser


def sanitised(
    html: str,
    *,
    tags: Collection[str] = (),
    attributes: Mapping[str, Collection[str]] | None = None,
    classes: Mapping[str, Collection[str]] | None = None,
) -> SafeString:
    """What a parser of `new_parser` rendered, cleaned. What is named here is let through beside the usual."""
    extra = attributes or {}
    allowed = {tag: {*_ATTRIBUTES.get(tag, ()), *extra.get(tag, ())} for tag in {*_ATTRIBUTES, *extra}}
    clean = nh3.clean(
        html,
        tags={*TAGS, *tags},
        attributes=allowed,
        allowed_classes={tag: set(names) for tag, names in (classes or {}).items()},
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )
    return mark_safe(clean)  # noqa: S308 - sanitised on the lines above


def to_html(text: str) -> SafeString:
    """A text with nothing special in it, rendered and sanitised."""
    return sanitised(_parser.render(text))


def words_of_image(renderer: RendererHTML, token: Token, options: Any) -> str:
    """What a picture shows, in escaped words."""
    return escape(renderer.renderInlineAsText(token.children, options, {}) if token.children else "")


def _headings(state: StateCore) -> None:
    """The levels in use become h3, h4, h5 in their order, so that none is left out."""
    used = sorted({token.tag for token in state.tokens if token.type == "heading_open"})
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(_FIRST_HEADING + used.index(token.tag), _LAST_HEADING)}"


def _words_of_image(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Mapping[str, Any]
) -> str:
    words = words_of_image(self, tokens[index], options)
    return f"<em>{words}</em>" if words else ""


_parser = new_parser()

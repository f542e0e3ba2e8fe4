"""Markdown of people as safe HTML."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from django.utils.safestring import SafeString
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from core.markdown import new_parser, sanitised, words_of_image
from postmortems.writing.mentions import pieces

_IMAGE = re.compile(r"^image:([0-9]{1,18})$")


class Picture(NamedTuple):
    """Where a picture is served, and its size in pixels."""

    url: str
    width: int
    height: int


def to_html(
    text: str, *, pictures: Mapping[int, Picture] | None = None, names: Collection[str] = ()
) -> SafeString:
    """Rendered and sanitised: no raw HTML, only http(s) and mailto links.

    `![what it shows](image:7)` becomes the picture 7 of `pictures`; every other image only its words, so that no
    page fetches anything from elsewhere. `names` (lower case) are people whose @mentions become chips. Headings
    begin below the section's own.
    """
    return sanitised(
        _parser.render(text, {"pictures": pictures or {}, "names": names}),
        tags=("img",),
        attributes={"img": ("src", "alt", "width", "height", "loading")},
        classes={"span": ("mention",)},
    )


def image_ids(text: str) -> set[int]:
    """The pictures a text may show; some of them may not exist."""
    return {int(found) for found in re.findall(r"\(image:([0-9]{1,18})\)", text)}


def _mentions(state: StateCore) -> None:
    names = state.env.get("names")
    if not names:
        return
    for token in state.tokens:
        if token.type == "inline" and token.children and "@" in token.content:
            token.children = [new for old in token.children for new in _mentions_in(old, names)]


def _mentions_in(token: Token, names: Collection[str]) -> list[Token]:
    if token.type != "text" or "@" not in token.content:
        return [token]
    kinds = {"mention": "mention", "text": "text"}
    return [
        Token(kinds[kind], "", 0, content=part, level=token.level)
        for kind, part in pieces(token.content, names)
    ]


def _render_mention(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Mapping[str, Any]
) -> str:
    return f'<span class="mention">{escape(tokens[index].content)}</span>'


def _render_image(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Mapping[str, Any]
) -> str:
    token = tokens[index]
    words = words_of_image(self, token, options)
    found = _IMAGE.match(str(token.attrs.get("src", "")))
    picture = env["pictures"].get(int(found[1])) if found else None
    if picture is None:
        return f"<em>{words}</em>" if words else ""
    return (
        f'<img src="{escape(picture.url)}" alt="{words}" width="{picture.width}" height="{picture.height}"'
        ' loading="lazy">'
    )


_parser = new_parser()
_parser.core.ruler.push("mentions", _mentions)
_parser.add_render_rule("image", _render_image)
_parser.add_render_rule("mention", _render_mention)

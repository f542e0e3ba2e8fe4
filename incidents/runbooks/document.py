"""A runbook's markdown: its steps, and the page made of it. No database.

A list item that begins with `[ ]` is a step. Its key is made of its words, so that ticks stay with a step when a new
version puts it elsewhere. Values and controls are put in after the text was cleaned, in the place of marks no text
can hold; so nothing a person or an alert says is read as markup.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from html import escape
from typing import Any
from urllib.parse import quote

from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from core.markdown import new_parser, sanitised
from incidents.runbooks.variables import PATTERN, Resolve, Value, nothing

MAX_BODY = 50_000
MAX_STEPS = 200
_BOX = re.compile(r"^\[[ xX]\](?:\s+|$)")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_MARK = re.compile("\ue000([0-9]+)\ue001")
_ADDRESS = re.compile(r"^(?:https?://|mailto:)", re.IGNORECASE)


@dataclass(frozen=True)
class Step:
    """`key`: the same for the same words. `text`: plain, variables by their names."""

    key: str
    text: str


class Look:
    """How what is no text is drawn; each gives safe HTML. This one draws a runbook to be read."""

    def before(self, step: Step) -> str:
        """In front of a step."""
        return '<span class="step__box" aria-hidden="true"></span>'

    def after(self, step: Step) -> str:
        """Behind its words."""
        return ""

    def code_head(self, code_id: str, language: str) -> str:
        """Above the code with this id."""
        return f'<div class="code__head"><span>{escape(language)}</span></div>'

    def empty(self, name: str) -> str:
        """In the place of a variable nothing is known for."""
        return f'<span class="var var-empty">{escape(name)}</span>'

    def value(self, name: str, value: Value) -> str:
        """In the place of one that is known."""
        return f'<span class="var">{escape(value.text)}</span>'


@dataclass
class _Page:
    """What one rendering collects. `slots`: what stood in braces; `pieces`: what is put in after cleaning."""

    resolve: Resolve
    look: Look
    slot: re.Pattern[str]
    slots: list[tuple[str, str]]
    steps: list[Step] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    anchors: dict[str, int] = field(default_factory=dict)
    codes: int = 0

    def put(self, html: str) -> str:
        """A mark that becomes this HTML."""
        self.pieces.append(html)
        return f"\ue000{len(self.pieces) - 1}\ue001"

    def filled(self, text: str, *, linked: bool) -> str:
        """A text with its variables as marks; `linked`: those with an address become links."""
        return self.slot.sub(lambda found: self._variable(int(found[1]), linked), text)

    def named(self, text: str) -> str:
        """A text with its variables by their names."""
        return self.slot.sub(lambda found: self.slots[int(found[1])][1], text)

    def address(self, href: str) -> str:
        """An address with its variables; "" when one of them is open or it leads nowhere."""
        found = [int(number) for number in self.slot.findall(href)]
        values = {number: self._value(number) for number in found}
        if any(value is None for value in values.values()):
            return ""

        def put(match: re.Match[str]) -> str:
            value = values[int(match[1])]
            assert value is not None
            whole = match[0] == href
            return value.url or (value.text if whole else quote(value.text, safe=""))

        # A value may hold what marks are made of.
        made = _PRIVATE.sub("", self.slot.sub(put, href))
        return made if not found or _ADDRESS.match(made) else ""

    def open_in(self, href: str) -> str:
        """The variables of an address that keep it from leading anywhere, as marks."""
        numbers = [int(number) for number in self.slot.findall(href)]
        return "".join(
            f" {self._variable(number, False)}" for number in numbers if self._value(number) is None
        )

    def _value(self, number: int) -> Value | None:
        name, written = self.slots[number]
        return self.resolve(name) if name else Value(written)

    def _variable(self, number: int, linked: bool) -> str:
        name, written = self.slots[number]
        if not name:
            return self.put(escape(written))
        value = self.resolve(name)
        if value is None:
            return self.put(self.look.empty(name))
        if not value.url or not _ADDRESS.match(value.url):
            return self.put(self.look.value(name, value))
        if not linked:
            return self.put(self.look.value(name, Value(value.url)))
        rel = "noopener noreferrer nofollow"
        return self.put(f'<a class="var" href="{escape(value.url)}" rel="{rel}">{escape(value.text)}</a>')


def steps_of(body: str) -> list[Step]:
    """The steps of a text in their order."""
    page, text = _page(body, nothing, Look())
    _parser.parse(text, {"page": page})
    return page.steps


def to_html(body: str, *, resolve: Resolve = nothing, look: Look | None = None) -> SafeString:
    """The page of a runbook, safe to show."""
    page, text = _page(body, resolve, look or Look())
    clean = sanitised(
        _parser.render(text, {"page": page}),
        attributes={"li": ("id",), "code": ("id",), "pre": ("tabindex",)}
        | dict.fromkeys(("h3", "h4", "h5"), ("id",)),
        classes={"li": ("step",)},
    )
    return mark_safe(_MARK.sub(lambda found: page.pieces[int(found[1])], clean))  # noqa: S308 - pieces are escaped


def _page(body: str, resolve: Resolve, look: Look) -> tuple[_Page, str]:
    """What to collect in, and the text with a word of its own for everything in braces."""
    body = _PRIVATE.sub("", body)
    number = 0
    while f"qz{number}v" in body.lower():
        number += 1
    slots: list[tuple[str, str]] = []

    def slot(found: re.Match[str]) -> str:
        written = found[0][len(found[1]) :]
        slots.append(("" if found[1] else found[2], written))
        return f"qz{number}v{len(slots) - 1}z"

    text = PATTERN.sub(slot, body)
    return _Page(resolve, look, re.compile(f"qz{number}v([0-9]+)z"), slots), text


def _steps(state: StateCore) -> None:
    page: _Page = state.env["page"]
    seen: dict[str, int] = {}
    for index, token in enumerate(state.tokens):
        if token.type != "inline" or index < 2 or not token.children:
            continue
        item, first = state.tokens[index - 2], token.children[0]
        if item.type != "list_item_open" or first.type != "text" or not _BOX.match(first.content):
            continue
        first.content = _BOX.sub("", first.content)
        words = " ".join(page.named(_plain(token.children)).split())
        key = sha256(words.encode()).hexdigest()[:12]
        seen[key] = seen.get(key, 0) + 1
        step = Step(key if seen[key] == 1 else f"{key}-{seen[key]}", words[:300])
        page.steps.append(step)
        item.attrSet("class", "step")
        item.attrSet("id", f"step-{step.key}")
        before, after = page.put(page.look.before(step)), page.put(page.look.after(step))
        token.children = [_text(before), *token.children, _text(after)]


def _plain(tokens: Sequence[Token]) -> str:
    return "".join(token.content if token.content else " " for token in tokens)


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _variables(state: StateCore) -> None:
    page: _Page = state.env["page"]
    for token in state.tokens:
        for child in token.children or ():
            if child.type == "image":
                child.children = [_text(page.named(child.content))]
        if token.type == "inline" and token.children:
            token.children = _filled(page, token.children)


def _filled(page: _Page, tokens: Sequence[Token]) -> list[Token]:
    """Variables as marks; a link whose address is open becomes its words."""
    kept: list[Token] = []
    links: list[str] = []
    for token in tokens:
        if token.type == "link_open":
            written = str(token.attrGet("href") or "")
            href = page.address(written)
            links.append("" if href else written)
            if href:
                token.attrSet("href", href)
                kept.append(token)
            continue
        if token.type == "link_close":
            dropped = links.pop()
            kept.append(_text(page.open_in(dropped)) if dropped else token)
            continue
        if token.type == "text":
            token.content = page.filled(token.content, linked=not links)
        kept.append(token)
    return kept


def _anchors(state: StateCore) -> None:
    """An id for every heading, each another."""
    page: _Page = state.env["page"]
    for index, token in enumerate(state.tokens):
        if token.type != "heading_open":
            continue
        words = " ".join(page.named(_plain(state.tokens[index + 1].children or ())).split())
        base = f"part-{slugify(words)[:60] or 'heading'}"
        number = page.anchors.get(base, 0)
        anchor = base
        while number or anchor in page.anchors:
            number += 1
            anchor = f"{base}-{number}"
            if anchor not in page.anchors:
                break
        page.anchors[base] = max(number, 1)
        page.anchors.setdefault(anchor, 1)
        token.attrSet("id", anchor)
        mark = page.put(f'<a class="heading-anchor" href="#{anchor}" aria-label="{escape(words)}">#</a>')
        inline = state.tokens[index + 1]
        inline.children = [*(inline.children or ()), _text(mark)]


def _render_code(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Mapping[str, Any]
) -> str:
    page: _Page = env["page"]
    token = tokens[index]
    page.codes += 1
    code_id = f"code-{page.codes}"
    language = page.named(token.info.split(maxsplit=1)[0]) if token.info.strip() else ""
    head = page.put(f'<div class="code">{page.look.code_head(code_id, language)}')
    inside = page.filled(escape(token.content), linked=False)
    return f'{head}<pre tabindex="0"><code id="{code_id}">{inside}</code></pre>{page.put("</div>")}'


def _render_code_inline(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Mapping[str, Any]
) -> str:
    page: _Page = env["page"]
    return f"<code>{page.filled(escape(tokens[index].content), linked=False)}</code>"


_parser = new_parser()
_parser.core.ruler.push("steps", _steps)
_parser.core.ruler.push("anchors", _anchors)
_parser.core.ruler.push("variables", _variables)
for _kind in ("fence", "code_block"):
    _parser.add_render_rule(_kind, _render_code)
_parser.add_render_rule("code_inline", _render_code_inline)

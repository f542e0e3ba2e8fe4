"""People's markdown as a tree of plain data, for a printer that knows no markup of theirs.

Blocks: {t: p|h|ul|ol|quote|code|hr|table|times|image}; words: {t: text|strong|em|del|code|link|br}. Nothing of a
text is ever read as the printer's own language.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from postmortems.exporting.document import absolute

Block = dict[str, Any]
MOST_BLOCKS = 4_000
_DEEPEST = 6
_IMAGE = re.compile(r"^image:([0-9]{1,18})$")
_TIME = re.compile(r"^(?:([0-9]{4}-[0-9]{2}-[0-9]{2}) )?([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)(?: (UTC))?:?\s+")
_WRAPS = {"strong": "strong", "em": "em", "s": "del"}
_parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").enable("strikethrough")


class Builder:
    """Builds the tree of one document. `files`: picture → the file it lies in and which share of the page's width it
    takes. `left_out`: blocks that did not fit."""

    def __init__(self, files: Mapping[int, tuple[str, float]]) -> None:
        self._files = files
        self._made = 0
        self.left_out = 0

    def blocks(self, text: str) -> list[Block]:
        tree = SyntaxTreeNode(_parser.parse(text))
        return self._blocks(tree.children, 0, _levels(tree))

    def _blocks(self, nodes: Sequence[SyntaxTreeNode], depth: int, levels: list[int]) -> list[Block]:
        found: list[Block] = []
        for node in nodes:
            self._made += 1
            if self._made > MOST_BLOCKS:
                self.left_out += 1
            elif depth > _DEEPEST:
                found.append({"t": "p", "c": [_text(_words(node))]})
            else:
                found += self._block(node, depth, levels)
        return found

    def _block(self, node: SyntaxTreeNode, depth: int, levels: list[int]) -> list[Block]:
        kind = node.type
        if kind in ("paragraph", "inline"):
            return self._paragraph(node)
        if kind == "heading":
            return [{"t": "h", "level": levels.index(_level(node)) + 1, "c": self._inside(node)}]
        if kind in ("bullet_list", "ordered_list"):
            items = [self._blocks(item.children, depth + 1, levels) for item in node.children]
            if kind == "bullet_list":
                return [_times(items) or {"t": "ul", "items": items}]
            start = int(node.attrs.get("start", 1))
            return [{"t": "ol", "start": start if 0 <= start < 10**6 else 1, "items": items}]
        if kind == "blockquote":
            return [{"t": "quote", "c": self._blocks(node.children, depth + 1, levels)}]
        if kind in ("fence", "code_block"):
            return [{"t": "code", "s": node.content.rstrip("\n")}]
        if kind == "hr":
            return [{"t": "hr"}]
        if kind == "table":
            return [self._table(node)]
        return [{"t": "p", "c": [_text(_words(node))]}]

    def _paragraph(self, node: SyntaxTreeNode) -> list[Block]:
        """Words; pictures stand alone, below the words they are in."""
        inline = node if node.type == "inline" else node.children[0] if node.children else None
        if inline is None:
            return []
        words = self._inline(inline.children, 0)
        pictures = [self._picture(each) for each in inline.walk() if each.type == "image"]
        blocks: list[Block] = [{"t": "p", "c": words}] if any(_says(each) for each in words) else []
        return blocks + [each for each in pictures if each is not None]

    def _picture(self, node: SyntaxTreeNode) -> Block | None:
        number = _number(node)
        if number is None or number not in self._files:
            return None
        file, share = self._files[number]
        return {"t": "image", "file": file, "share": share, "alt": _words(node)}

    def _table(self, node: SyntaxTreeNode) -> Block:
        rows = [
            [self._inside(cell) for cell in row.children] for group in node.children for row in group.children
        ]
        first = node.children[0].children[0].children
        align = [str(cell.attrs.get("style", "")).removeprefix("text-align:") or "left" for cell in first]
        return {"t": "table", "align": align, "head": rows[0], "rows": rows[1:]}

    def _inside(self, node: SyntaxTreeNode) -> list[Block]:
        return [word for inline in node.children for word in self._inline(inline.children, 0)]

    def _inline(self, nodes: Sequence[SyntaxTreeNode], depth: int) -> list[Block]:
        found: list[Block] = []
        for node in nodes:
            kind = node.type
            if kind in _WRAPS and depth < _DEEPEST:
                found.append({"t": _WRAPS[kind], "c": self._inline(node.children, depth + 1)})
            elif kind == "link" and depth < _DEEPEST:
                inner = self._inline(node.children, depth + 1)
                url = _address(str(node.attrs.get("href", "")))
                found += [{"t": "link", "url": url, "c": inner}] if url else inner
            elif kind == "code_inline":
                found.append({"t": "code", "s": node.content})
            elif kind == "image":
                if _number(node) not in self._files:
                    found.append({"t": "em", "c": [_text(_words(node))]})
            elif kind == "hardbreak":
                found.append({"t": "br"})
            else:
                found.append(_text(" " if kind == "softbreak" else _words(node)))
        return found


def _levels(tree: SyntaxTreeNode) -> list[int]:
    """The levels of headings in use, so that none is left out."""
    return sorted({_level(node) for node in tree.walk() if node.type == "heading"})


def _level(node: SyntaxTreeNode) -> int:
    return int(node.tag[1])


def _number(node: SyntaxTreeNode) -> int | None:
    found = _IMAGE.match(str(node.attrs.get("src", "")))
    return int(found[1]) if found else None


def _address(href: str) -> str:
    """Where a link leads, for a reader elsewhere; '' when nowhere."""
    if href.startswith("/") and not href.startswith("//"):
        return absolute(href)
    return href if href.startswith(("https://", "http://", "mailto:")) else ""


def _words(node: SyntaxTreeNode) -> str:
    if node.is_root or node.children:
        return " ".join(filter(None, (_words(child) for child in node.children)))
    return node.content if node.token is not None else ""


def _text(text: str) -> Block:
    return {"t": "text", "s": text}


def _says(word: Block) -> bool:
    return word["t"] != "text" or bool(word["s"].strip())


def _times(items: Collection[list[Block]]) -> Block | None:
    """A list whose every line begins with a time is a table of times. None when one does not."""
    rows = []
    for item in items:
        first = item[0]["c"] if item and item[0]["t"] == "p" else []
        found = _TIME.match(first[0]["s"]) if first and first[0]["t"] == "text" else None
        if found is None:
            return None
        words = [_text(first[0]["s"][found.end() :]), *first[1:]]
        rows.append({"day": found[1] or "", "time": found[2], "c": [{"t": "p", "c": words}, *item[1:]]})
    return {"t": "times", "rows": rows} if rows else None

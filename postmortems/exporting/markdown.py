"""A postmortem as one Markdown text that other tools read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.utils.translation import gettext as _

from postmortems.choices import Gate
from postmortems.exporting.document import Paper, image_file
from postmortems.writing.whys import Why

_HEADING = re.compile(r"^ {0,3}(#{1,6})(?=\s)")
_SPECIAL = str.maketrans({letter: f"\\{letter}" for letter in "\\`*_[]<>#|"})


def markdown_of(paper: Paper, *, images: bool = False) -> str:
    """Title, facts, sections, whys, factors, items. `images`: pictures lie beside it in `images/` as in a bundle;
    otherwise they lead to the document, where one may have to sign in."""
    lines = [f"# {_('Postmortem')} #{paper.number}: {plain(paper.title)}", ""]
    lines += [f"- **{plain(name)}:** {plain(value)}" for name, value in paper.facts]
    places = {row.pk: image_file(row) if images else f"{paper.url}images/{row.pk}/" for row in paper.images}
    for part in paper.parts:
        lines += ["", f"## {part.label}", ""]
        lines.append(
            _pictures(_lowered(part.text), places) if part.text.strip() else f"_{_('Nothing written.')}_"
        )
        if part.key == "causes":
            lines += _causes(paper)
        if part.key == "follow_ups" and paper.items:
            lines += ["", *_items(paper)]
    lines += ["", "---", "", f"<{paper.url}> · {_('version')} {paper.version} · {paper.made_at}", ""]
    return "\n".join(lines)


def plain(text: str) -> str:
    """One line in which nothing is markup."""
    return " ".join(text.split()).translate(_SPECIAL)


def _lowered(text: str) -> str:
    """Headings of people's text below the section's own; lines in fenced code stay, a fence left open is closed."""
    lines: list[tuple[bool, str]] = []
    fence = ""
    for line in text.splitlines():
        mark = re.match(r" {0,3}(`{3,}|~{3,})", line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        lines.append((not fence and not mark and _HEADING.match(line) is not None, line))
    highest = min((len(_HEADING.match(line)[1]) for is_head, line in lines if is_head), default=3)  # type: ignore[index]
    lower = 3 - highest

    def moved(found: re.Match[str]) -> str:
        return "#" * min(max(len(found[1]) + lower, 3), 6)

    told = [_HEADING.sub(moved, line) if is_head else line for is_head, line in lines]
    return "\n".join(told + ([fence] if fence else []))


def _pictures(text: str, places: dict[int, str]) -> str:
    def place(found: re.Match[str]) -> str:
        return f"({places.get(int(found[1]), '')})"

    return re.sub(r"\(image:([0-9]{1,18})\)", place, text)


def _causes(paper: Paper) -> list[str]:
    lines = []
    if paper.whys:
        lines += ["", f"### {_('Chain of whys')}", "", *_branches(paper.roots, 0)]
    if paper.factors:
        lines += ["", f"### {_('Contributing factors')}", ""]
        lines += [
            f"- **{plain(row.kind)}:** {plain(row.name)}" + (f" — {plain(row.note)}" if row.note else "")
            for row in paper.factors
        ]
    return lines


def _branches(nodes: Sequence[Why], depth: int) -> list[str]:
    lines = []
    for node in nodes:
        gate = f" ({Gate(node.row.gate).label})" if len(node.children) > 1 else ""
        lines.append(f"{'  ' * depth}- {plain(node.row.text)}{gate}")
        evidence = getattr(node.row, "evidence", "")
        if evidence:
            lines.append(f"{'  ' * depth}  {_('Evidence:')} {plain(evidence)}")
        lines += _branches(node.children, depth + 1)
    return lines


def _items(paper: Paper) -> list[str]:
    heads = (_("What"), _("Class"), _("Owner"), _("Due"), _("State"))
    rows = [
        (f"[{plain(row.title)}]({row.url})", row.item_class, plain(row.owner), row.due_on, row.status)
        for row in paper.items
    ]
    table = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    return table + [f"| {' | '.join(cells)} |" for cells in rows]

"""The fault tree as an SVG drawing: boxes from what happened down to the causes, AND and OR gates between them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from postmortems.choices import Gate
from postmortems.writing.whys import Box, Why, layout, sentence

# All in user units, which are CSS pixels on the page.
_COLUMN, _PAD, _GAP = 204, 11, 22
BOX, LINE, GATE = 180, 16, 26
_WORDS = 26  # Latin letters in a line of a box; wide letters count twice.


@dataclass(frozen=True)
class Placed:
    """A node with the lines of its box. `x`: its middle; `top` and `height` of the box."""

    why: Why
    lines: list[str]
    x: float
    top: float
    height: float

    @property
    def bottom(self) -> float:
        return self.top + self.height


@dataclass(frozen=True)
class Plan:
    """The drawing before it is drawn, for the page and for paper."""

    placed: dict[int, Placed]
    width: float
    height: float


def plan(roots: Sequence[Why]) -> Plan:
    """Where each box goes. Rows are as high as their longest text."""
    boxes, columns = layout(roots)
    lines = {box.why.row.pk: wrapped(box.why.row.text) for box in boxes}
    tops, bottom = _rows(boxes, lines)
    placed = {
        box.why.row.pk: Placed(
            box.why,
            lines[box.why.row.pk],
            box.x * _COLUMN,
            tops[box.y],
            len(lines[box.why.row.pk]) * LINE + 2 * _PAD,
        )
        for box in boxes
    }
    return Plan(placed, max(columns, 1) * _COLUMN, bottom)


@dataclass(frozen=True)
class Joint:
    """What ties a node to those below: straight lines (x1, y1, x2, y2), and where the gate's head is, if any."""

    lines: list[tuple[float, float, float, float]]
    gate_top: float | None


def joint_of(each: Placed, drawn: Plan) -> Joint:
    """None of both for a node without children; no gate for a single one."""
    below = [drawn.placed[child.row.pk] for child in each.why.children]
    if not below:
        return Joint([], None)
    bus = below[0].top - _GAP / 2
    lines = [(each.x, each.bottom, each.x, bus), (below[0].x, bus, below[-1].x, bus)]
    lines += [(child.x, bus, child.x, child.top) for child in below]
    return Joint(lines, bus - GATE - 4 if len(below) > 1 else None)


def fault_tree_svg(roots: Sequence[Why], *, uid: str = "fault-tree") -> SafeString:
    """The drawing in a box that scrolls by itself; '' without any node. Its words are its description, for those
    who do not see it. `uid`: of its parts, when a page has several."""
    drawn = plan(roots)
    if not drawn.placed:
        return SafeString("")
    parts = format_html_join("", "{}", ((_node(each, drawn),) for each in drawn.placed.values()))
    return format_html(
        '<div class="fault-tree" tabindex="0" role="region" aria-label="{label}">'
        '<svg class="fault-tree__svg" xmlns="http://www.w3.org/2000/svg" role="img" width="{w}" height="{h}"'
        ' viewBox="0 0 {w} {h}" aria-labelledby="{uid}-title {uid}-words"><title id="{uid}-title">{label}</title>'
        '<desc id="{uid}-words">{words}</desc>{parts}</svg></div>',
        label=_("Fault tree"),
        uid=uid,
        w=_n(drawn.width),
        h=_n(drawn.height + 2),
        words=". ".join(sentence(root) for root in roots),
        parts=parts,
    )


def wrapped(text: str, limit: int = _WORDS) -> list[str]:
    """Lines of at most `limit` letters, broken between words where it can be; at least one line."""
    lines, line = [], ""
    for word in text.split():
        if line and width(line) + 1 + width(word) > limit:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else word
        while width(line) > limit:
            cut = _fits(line, limit)
            lines.append(line[:cut])
            line = line[cut:]
    return [*lines, line] if line or not lines else lines


def width(text: str) -> int:
    """In letters of Latin width."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _fits(text: str, limit: int) -> int:
    used = 0
    for index, letter in enumerate(text):
        used += width(letter)
        if used > limit:
            return max(index, 1)
    return len(text)


def _rows(boxes: Sequence[Box], lines: dict[int, list[str]]) -> tuple[dict[int, float], float]:
    """The top of each row and the bottom of the drawing. Below each row: room for a gate and the lines to it."""
    most: dict[int, int] = {}
    for box in boxes:
        most[box.y] = max(most.get(box.y, 1), len(lines[box.why.row.pk]))
    tops, top, bottom = {}, 2.0, 2.0
    for row in sorted(most):
        tops[row] = top
        bottom = top + most[row] * LINE + 2 * _PAD + 18
        top += most[row] * LINE + 2 * _PAD + GATE + 2 * _GAP
    return tops, bottom


def _node(each: Placed, drawn: Plan) -> SafeString:
    kind = "top" if each.why.depth == 0 else "cause" if each.why.is_cause else "between"
    first = each.top + _PAD + 12
    words = format_html_join(
        "",
        '<tspan x="{}" y="{}">{}</tspan>',
        ((_n(each.x), _n(first + index * LINE), line) for index, line in enumerate(each.lines)),
    )
    return format_html(
        '<g class="fault-tree__node fault-tree__node-{kind}">{below}<rect x="{x}" y="{y}" width="{w}" height="{h}"'
        ' rx="6"></rect><text text-anchor="middle">{words}</text></g>',
        kind=kind,
        below=_below(each, drawn),
        x=_n(each.x - BOX / 2),
        y=_n(each.top),
        w=BOX,
        h=_n(each.height),
        words=words,
    )


def _below(each: Placed, drawn: Plan) -> SafeString:
    """A circle under a cause (a basic event), else the gate and the lines to what is below."""
    children = [drawn.placed[child.row.pk] for child in each.why.children]
    if not children:
        if not each.why.is_cause:
            return SafeString("")
        return format_html(
            '<circle class="fault-tree__basic" cx="{}" cy="{}" r="5"></circle>',
            _n(each.x),
            _n(each.bottom + 8),
        )
    joint = joint_of(each, drawn)
    lines = "".join(f"M{_n(x1)} {_n(y1)}L{_n(x2)} {_n(y2)}" for x1, y1, x2, y2 in joint.lines)
    shape = SafeString("") if joint.gate_top is None else _gate(each, joint.gate_top)
    return format_html('<path class="fault-tree__line" d="{}"></path>{}', lines, shape)


def _gate(each: Placed, top: float) -> SafeString:
    """The symbols of IEC 60617 in the shape people draw: AND with a flat foot, OR with a pointed head."""
    gate = each.why.row.gate
    return format_html(
        '<path class="fault-tree__gate" d="{}"><title>{}</title></path><text class="fault-tree__sign"'
        ' text-anchor="middle" x="{}" y="{}">{}</text>',
        gate_path(gate, each.x, top),
        Gate(gate).label,
        _n(each.x),
        _n(top + GATE - 8),
        _("or") if gate == Gate.OR else _("and"),
    )


def gate_path(gate: str, x: float, top: float) -> str:
    """The outline of a gate whose head is at (x, top), as SVG path data."""
    half, foot = GATE * 0.62, top + GATE
    left, right = _n(x - half), _n(x + half)
    if gate == Gate.OR:
        side, belly = _n(top + GATE * 0.3), _n(foot - 7)
        return (
            f"M{left} {_n(foot)}Q{_n(x)} {belly} {right} {_n(foot)}Q{right} {side} {_n(x)} {_n(top)}"
            f"Q{left} {side} {left} {_n(foot)}Z"
        )
    dome = _n(top + half)
    return f"M{left} {_n(foot)}V{dome}A{_n(half)} {_n(half)} 0 0 1 {right} {dome}V{_n(foot)}Z"


def _n(value: float) -> str:
    """A short number."""
    return f"{value:.1f}".removesuffix(".0")

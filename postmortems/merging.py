"""Three texts into one: what two writers made of the same text, line by line. Pure.

Changes that neither overlap nor touch are both kept. Two writers who change the same or neighbouring lines must
look for themselves, but for a change both made alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

# What the comparison may cost: pairs of equal lines. Beyond it a text counts as changed in one piece.
_MOST_PAIRS = 100_000


class Change(NamedTuple):
    """Lines `start` to `end` (without it) of the base become `lines`."""

    start: int
    end: int
    lines: tuple[str, ...]


def merge(base: str, mine: str, theirs: str) -> str | None:
    """The text with both writers' changes; None when they changed the same or neighbouring lines differently."""
    if mine == theirs or theirs == base:
        return mine
    if mine == base:
        return theirs
    old = base.split("\n")
    both = sorted(
        {
            (change, side)
            for side, text in enumerate((mine, theirs))
            for change in changes(old, text.split("\n"))
        }
    )
    out: list[str] = []
    at = 0
    for group in _groups(both):
        start, end = group[0][0].start, max(change.end for change, _side in group)
        out += old[at:start]
        sides = {side for _change, side in group}
        texts = [
            _apply(old, start, end, [one for one, side in group if side == mark]) for mark in sorted(sides)
        ]
        if len(texts) == 2 and texts[0] != texts[1]:
            return None
        out += texts[0]
        at = end
    return "\n".join([*out, *old[at:]])


def changes(old: Sequence[str], new: Sequence[str]) -> list[Change]:
    """What turns `old` into `new`, in order, none touching the next."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    before, after = old[head : len(old) - tail], new[head : len(new) - tail]
    if not before and not after:
        return []
    if comparable(before, after):
        found = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    else:
        found = [("replace", 0, len(before), 0, len(after))]
    return [
        Change(head + i1, head + i2, tuple(after[j1:j2])) for tag, i1, i2, j1, j2 in found if tag != "equal"
    ]


def comparable(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether comparing these piece by piece takes a reasonable time."""
    known = Counter(before)
    return sum(count * known[piece] for piece, count in Counter(after).items()) <= _MOST_PAIRS


def _groups(both: list[tuple[Change, int]]) -> list[list[tuple[Change, int]]]:
    """Changes of both writers that overlap or touch stand together."""
    groups: list[list[tuple[Change, int]]] = []
    end = -1
    for change, side in both:
        if groups and change.start <= end:
            groups[-1].append((change, side))
            end = max(end, change.end)
        else:
            groups.append([(change, side)])
            end = change.end
    return groups


def _apply(old: Sequence[str], start: int, end: int, found: list[Change]) -> list[str]:
    out: list[str] = []
    at = start
    for change in found:
        out += [*old[at : change.start], *change.lines]
        at = change.end
    return [*out, *old[at:end]]

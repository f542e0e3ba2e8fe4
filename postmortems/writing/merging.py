"""Three texts into one: what two writers made of the same text, line by line. Pure.

Changes that neither overlap nor touch are both kept. Two writers who change the same or neighbouring lines must
look for themselves, but for a change both made alike.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.differences import Change, changes


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
